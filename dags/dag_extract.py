"""One DAG for each (provider, schedule) of the declared sources; its one task fetches them all in one process."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, task
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference, SyncCallback
from pendulum import datetime

from extract.schedule import Group, groups
from warehouse.tasks import jianhu

DEADLINE_MINUTES = 55


def extract_dag(group: Group) -> DAG:
    with DAG(
        group.dag_id,
        description=f"{group.provider}: {', '.join(group.sources)}",
        schedule=group.schedule,
        start_date=datetime(2026, 1, 1, tz="Asia/Shanghai"),
        catchup=False,
        max_active_runs=1,
        tags=["extract", group.provider],
        default_args={
            "owner": group.owner,
            "retries": 2,
            "retry_delay": timedelta(minutes=3),
            "retry_exponential_backoff": True,
            "execution_timeout": timedelta(minutes=45),
            "pool": "extract",
        },
        deadline=DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(minutes=DEADLINE_MINUTES),
            callback=SyncCallback(
                "warehouse.tasks.deadline_missed", {"dag": group.dag_id, "minutes": DEADLINE_MINUTES}
            ),
        ),
    ) as dag:

        @task(outlets=[Asset(f"jianhu://landing/{group.provider}")])
        def extract(names: list[str]) -> dict:
            return jianhu("extract", *names)

        extract(list(group.sources))
    return dag


for _group in groups():
    globals()[_group.dag_id] = extract_dag(_group)
