"""Routes of the team leader's live board of callbacks. Must never count by itself."""

from datetime import datetime
from uuid import UUID

from callcenter.accounts.permissions import Permission
from callcenter.agents.agent import State as AgentState
from callcenter.callbacks import store
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.overview import Board
from callcenter.callbacks.task import Result
from callcenter.web.api import Context, Model, Routes
from callcenter.web.keys import BOARDS

routes = Routes("callback_overview", "Live board of callbacks 回访实时看板")


class BoardView(Model):
    """How it stands at `at`, counted at most two seconds ago.

    `open`: tasks without an outcome; of these `waiting` to be dialled (`ready`: their moment has come), `concluding`
    (spoken to, outcome to be given), `otherwise` (letter or visit). `due_today`, `near_end` (within three days),
    `overdue`: open, by the end of their cooling-off period. `dialling`, `talking`: diallings now. `agents`: callback
    agents by state. Today: `attempts_today` by outcome, `results` of tasks concluded, `abandoned` of `answered`.
    """

    at: datetime
    open: int
    waiting: int
    ready: int
    concluding: int
    otherwise: int
    due_today: int
    near_end: int
    overdue: int
    dialling: int
    talking: int
    agents: dict[AgentState, int]
    attempts_today: int
    attempts: dict[Outcome, int]
    answered: int
    abandoned: int
    results: dict[Result, int]


@routes.get("/callback-board", Permission.AGENT_READ, live=True)
async def show_board(ctx: Context) -> BoardView:
    """All campaigns and return calls together 全部批次看板"""
    return _view(await ctx.resource(BOARDS).show(ctx.actor.path, None, ctx.clock.now()))


@routes.get("/campaigns/{campaign_id}/board", Permission.AGENT_READ, live=True)
async def show_campaign_board(ctx: Context, campaign_id: UUID) -> BoardView:
    """One campaign 批次看板"""
    async with ctx.db.connection() as conn:
        campaign = await store.campaign(conn, campaign_id, ctx.actor.path)
    return _view(await ctx.resource(BOARDS).show(ctx.actor.path, campaign.id, ctx.clock.now()))


def _view(board: Board) -> BoardView:
    return BoardView(**{name: getattr(board, name) for name in BoardView.model_fields})
