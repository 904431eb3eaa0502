"""The ASGI application: routes, error answers, and what starts and stops with it."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import problems
from api.body_limit import BodyLimit
from api.jobs.capacity import Capacity
from api.routes import (
    access,
    agent,
    attempt_files,
    collectivities,
    contracts,
    disputes,
    erasures,
    files,
    fleet,
    health,
    heat,
    job_lists,
    jobs,
    ledger,
    meters,
    metrics,
    modifying,
    pages,
    papers,
    public_page,
    quotas,
    reservations,
    results,
    statements,
    steering,
    stickers,
    tenants,
    town,
    town_door,
    town_people,
    town_statements,
    town_wishes,
    usage,
    weather,
    webhooks,
)
from api.services import Services
from api.town.door import SignInFirst, to_sign_in
from api.town.passwords import Passwords
from api.town.public_figures import FiguresCache
from store.wakeups import Listener


def create_app(services: Services, listener: Listener | None = None) -> FastAPI:
    """An application that serves these services and is woken by this listener."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if listener is not None:
            loop = asyncio.get_running_loop()
            threading.Thread(
                target=services.listen, args=(loop, listener), name="wakeups", daemon=True
            ).start()
        yield
        services.close()

    app = FastAPI(
        title="Chaufferie",
        version="1",
        docs_url=None,  # the page of the framework loads scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served by a route that declares its scope
        lifespan=lifespan,
    )
    app.state.services = services
    app.state.capacity = Capacity(services)
    app.state.passwords = Passwords()
    app.state.public_figures = FiguresCache()
    app.add_exception_handler(problems.Problem, problems.on_problem)
    app.add_exception_handler(HTTPException, problems.on_http_exception)
    app.add_exception_handler(RequestValidationError, problems.on_invalid)
    app.add_exception_handler(SignInFirst, to_sign_in)
    app.add_exception_handler(Exception, problems.on_bug)
    app.add_middleware(BodyLimit)
    of_jobs = (jobs, job_lists, steering, modifying, results, files, attempt_files)
    of_people = (access, tenants, usage, quotas, webhooks, erasures)
    of_towns = (collectivities, town_people, contracts, statements, disputes)
    of_visitors = (town_door, town, town_statements, town_wishes)
    of_everybody = (stickers, public_page, papers)
    of_fleet = (agent, fleet, reservations, weather, heat, meters, ledger, metrics, health, pages)
    for module in (*of_jobs, *of_people, *of_towns, *of_visitors, *of_everybody, *of_fleet):
        app.include_router(module.router)
    for router in (town.themes, town_wishes.operators):
        app.include_router(router)
    return app
