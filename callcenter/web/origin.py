"""Where a request's page came from, and what follows from it. Must never trust a client's word for more than that."""

from aiohttp import web

from callcenter.agents.registration import address
from callcenter.web.keys import CONFIG


def telephone_of(request: web.Request) -> str:
    """Where such a page connects to be a telephone."""
    config = request.config_dict[CONFIG]
    page = config.web.public_url or f"{request.scheme}://{request.host}"
    return address(config.agents.telephone_url, page, config.ari.url)
