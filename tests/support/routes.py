"""The routes of the application, and the scope that each declares."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from domain.access import Scope


def routes_of(app: FastAPI) -> list[RouteContext]:
    """Every route that the application serves."""
    return list(iter_route_contexts(app.routes))


def declared_scopes(dependant: Dependant) -> Iterator[Scope]:
    """The scopes that a route asks for, wherever among its dependencies."""
    for dependency in dependant.dependencies:
        scope = getattr(dependency.call, "scope", None)
        if isinstance(scope, Scope):
            yield scope
        yield from declared_scopes(dependency)


def scope_of(route: RouteContext) -> Scope:
    """The one scope of a route."""
    (scope,) = set(declared_scopes(route.dependant))
    return scope
