"""`didww orders place` and `didww orders resume`: many orders, each once."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeAlias, cast

import attrs
import click

from didww_async.cli.connection import Connection, connection_options, finish
from didww_async.cli.didww_columns import DIDWW
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.messages import say
from didww_async.cli.orders_file import FORMATS, OrdersFile, checked_orders
from didww_async.cli.output import Output, output_option
from didww_async.cli.progress import Steps, showing
from didww_async.cli.run import Ending, watch_run
from didww_async.cli.summary import show_quote, show_report
from didww_async.client import DidwwClient
from didww_async.models.orders import NewOrder, Order
from didww_async.placement.bulk import BulkRun
from didww_async.placement.report import Report

__all__ = ["place", "resume"]
