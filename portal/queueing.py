"""The doorbell: tells workers that something is due. Rows are the truth; a lost ring costs seconds."""

from __future__ import annotations

import logging

from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from portal.settings import Settings

log = logging.getLogger(__name__)

TASKS = {"intake": "greenstick.intake", "inference": "greenstick.inference"}
"""Queue → the one task that its worker runs; a message carries nothing else."""

PUBLISH_TIMEOUT_S = 1.0


def celery_for(settings: Settings, socket_timeout_s: float = PUBLISH_TIMEOUT_S) -> Celery:
    """A Celery app on the installation's Redis: JSON only, no results, early acknowledgement."""
    app = Celery("greenstick", broker=settings.broker_url)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_publish_retry=False,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_timeout": socket_timeout_s,
            "socket_connect_timeout": PUBLISH_TIMEOUT_S,
            "max_retries": 0,
        },
    )
    return app


class Doorbell:
    """Rings queues, best effort: never raises, so that nothing accepted depends on Redis."""

    def __init__(self, settings: Settings) -> None:
        self.celery = celery_for(settings)
        # Not through kombu, which tries a silent Redis for four seconds: pages and monitors wait for this.
        self.redis = Redis.from_url(
            settings.redis_client_url,
            socket_timeout=PUBLISH_TIMEOUT_S,
            socket_connect_timeout=PUBLISH_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )

    def ring(self, queue: str) -> bool:
        """Whether the message was handed to Redis; a `False` is made good by the sweeper."""
        try:
            self.celery.send_task(TASKS[queue], queue=queue, retry=False)
        except (OperationalError, RedisError, OSError) as error:
            log.warning("ring failed queue=%s error=%s", queue, type(error).__name__)
            return False
        return True

    def length(self, queue: str) -> int | None:
        """Messages that wait in a queue; None when Redis does not answer. Also the health check's ping."""
        try:
            return int(self.redis.llen(queue))
        except (RedisError, OSError):
            return None
