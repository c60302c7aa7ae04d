"""All resource types, by name and by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didww_async.sandbox.didww import account_resources as account
from didww_async.sandbox.didww import catalogue_resources as catalogue
from didww_async.sandbox.didww.side_resources import SIDE_RESOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from didww_async.sandbox.didww.schema import Resource

RESOURCES: Mapping[str, Resource] = {
    resource.type: resource
    for resource in (
        account.ORDERS,
        account.DIDS,
        account.DID_RESERVATIONS,
        account.BALANCES,
        catalogue.DID_GROUPS,
        catalogue.AVAILABLE_DIDS,
        catalogue.NANPA_PREFIXES,
        catalogue.CAPACITY_POOLS,
        catalogue.COUNTRIES,
        catalogue.REGIONS,
        catalogue.CITIES,
        catalogue.DID_GROUP_TYPES,
        *SIDE_RESOURCES,
    )
}

BY_PATH: Mapping[str, Resource] = {
    resource.path: resource for resource in RESOURCES.values() if resource.path is not None
}
