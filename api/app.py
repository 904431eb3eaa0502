"""The ASGI application: routes, error answers, and what starts and stops with it."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.body_limit import BodyLimit
from api.jobs.capacity import Capacity
from api.passers_by.public_figures import FiguresCache
from api.problems import Problem
from api.routes.agents import agent, attempt_files
from api.routes.everyone import access, health, pages, themes
from api.routes.heat_sales import (
    collectivities,
    contracts,
    deliverables,
    disputes,
    invoices,
    people,
    statements,
)
from api.routes.operators import (
    fleet,
    heat,
    ledger,
    meters,
    metrics,
    papers,
    quotas,
    register_files,
    reservations,
    stickers,
    tenants,
    weather,
)
from api.routes.operators import wishes as site_wishes
from api.routes.passers_by import public_page
from api.routes.submitters import (
    erasures,
    files,
    job_lists,
    jobs,
    licences,
    modifying,
    results,
    steering,
    usage,
    webhooks,
)
from api.routes.towns import alerts, door, sites, wishes
from api.routes.towns import deliverables as town_files
from api.routes.towns import statements as town_statements
from api.services import Services
from api.town import failures
from api.town.door import SignInFirst
from api.town.passwords import Passwords
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
    for kind in (Problem, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, failures.on_error)
    app.add_exception_handler(SignInFirst, failures.to_sign_in)
    app.add_middleware(BodyLimit, answer=failures.answer)
    for_submitters = (
        *(jobs, job_lists, steering, modifying, results, files),
        *(usage, licences, webhooks, erasures),
    )
    for_operators = (
        *(fleet, reservations, weather, heat, meters, ledger, metrics),
        *(tenants, quotas, stickers, papers, register_files, site_wishes),
    )
    for_heat_sales = (
        *(collectivities, deliverables, people, contracts),
        *(statements, invoices, disputes),
    )
    for_towns = (door, sites, alerts, town_statements, town_files, wishes)
    for_all_others = (agent, attempt_files, public_page, access, health, pages, themes)
    for module in (*for_submitters, *for_operators, *for_heat_sales, *for_towns, *for_all_others):
        app.include_router(module.router)
    return app
