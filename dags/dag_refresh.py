"""Build, audit and publish a release, at most hourly and one at a time; announces a release only when one is new."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, task
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference, SyncCallback
from airflow.sdk.exceptions import AirflowSkipException
from pendulum import datetime, instance

from warehouse.tasks import jianhu

RELEASE = Asset("jianhu://release/current")
DEADLINE_MINUTES = 60

with DAG(
    "refresh",
    description="构建、审计、发布；装载清单不变则跳过",
    schedule="50 * * * *",
    start_date=datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    tags=["release"],
    default_args={
        "owner": "数据运维",
        "retries": 1,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(minutes=50),
        "pool": "build",
    },
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=DEADLINE_MINUTES),
        callback=SyncCallback(
            "warehouse.tasks.deadline_missed", {"dag": "refresh", "minutes": DEADLINE_MINUTES}
        ),
    ),
) as dag:

    @task(outlets=[RELEASE])
    def refresh(dag_run=None) -> dict:
        as_of = (dag_run.conf or {}).get("as_of") or instance(dag_run.run_after).in_timezone(
            "Asia/Shanghai"
        ).format("YYYY-MM-DD HH:mm:ss")
        answer = jianhu("refresh", "--as-of", as_of)
        if answer.get("unchanged"):
            raise AirflowSkipException("the load list is unchanged: no new release")
        return answer

    refresh()
