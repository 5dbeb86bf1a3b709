"""Everything once, in order: extract all sources, build and publish a release, export. `make run` tests this one."""

from datetime import timedelta

from airflow.sdk import DAG, task
from airflow.sdk.definitions.param import Param
from pendulum import datetime, instance

from warehouse.tasks import jianhu

with DAG(
    "everything",
    description="全流程一次：取数、构建、审计、发布、导出",
    schedule=None,
    start_date=datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    tags=["release"],
    params={
        "as_of": Param("", type="string", description="北京时间，YYYY-MM-DD HH:MM:SS；空则取运行时刻"),
        "since": Param("", type="string", description="起始日期，空则按各来源的迟到天数"),
        "until": Param("", type="string", description="终止日期（不含）"),
    },
    default_args={"owner": "数据运维", "retries": 0, "execution_timeout": timedelta(minutes=60)},
) as dag:

    @task
    def extract(params=None) -> dict:
        span = [x for key in ("since", "until") if params[key] for x in (f"--{key}", params[key])]
        return jianhu("extract", "--all", *span)

    @task
    def refresh(params=None, dag_run=None) -> dict:
        as_of = params["as_of"] or instance(dag_run.run_after).in_timezone("Asia/Shanghai").format(
            "YYYY-MM-DD HH:mm:ss"
        )
        return jianhu("refresh", "--as-of", as_of)

    @task
    def export() -> dict:
        return jianhu("export", "leadership_quarterly")

    extract() >> refresh() >> export()
