"""Write the leadership workbook whenever a new release is announced."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, task
from pendulum import datetime

from warehouse.tasks import jianhu

with DAG(
    "export",
    description="领导季度考核工作簿",
    schedule=[Asset("jianhu://release/current")],
    start_date=datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    tags=["export"],
    default_args={
        "owner": "综合科",
        "retries": 1,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(minutes=20),
        "pool": "build",
    },
) as dag:

    @task
    def export() -> dict:
        return jianhu("export", "leadership_quarterly")

    export()
