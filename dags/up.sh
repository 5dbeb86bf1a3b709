#!/usr/bin/env bash
# Airflow for real use on this machine: migrates the metadata, makes the pools, starts API server, scheduler and
# DAG processor, says where the page is and how to log in; Ctrl-C ends all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
export JIANHU_HOME="${JIANHU_HOME:-$PWD/var}"
mkdir -p "$JIANHU_HOME/airflow"
export AIRFLOW_HOME="${AIRFLOW_HOME:-$JIANHU_HOME/airflow}"
source dags/airflow.env
PORT="${JIANHU_AIRFLOW_PORT:-8080}"
export AIRFLOW__API__PORT="$PORT"
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$PORT/execution/"
airflow db migrate >"$AIRFLOW_HOME/migrate.log" 2>&1 || { tail -20 "$AIRFLOW_HOME/migrate.log"; exit 1; }
airflow pools set extract 2 "one process per provider" >/dev/null 2>&1
airflow pools set build 1 "DuckDB is written by one" >/dev/null 2>&1
pids=()
# running tasks get twenty seconds to end; what they were writing is then a whole load or none
stop() {
  trap - INT TERM EXIT
  kill -- "${pids[@]/#/-}" 2>/dev/null || true
  for _ in $(seq 20); do kill -0 -- "${pids[@]/#/-}" 2>/dev/null || break; sleep 1; done
  kill -KILL -- "${pids[@]/#/-}" 2>/dev/null || true
  wait 2>/dev/null || true
}
trap stop INT TERM EXIT
set -m
airflow api-server --port "$PORT" >"$AIRFLOW_HOME/api-server.log" 2>&1 & pids+=($!)
airflow scheduler >"$AIRFLOW_HOME/scheduler.log" 2>&1 & pids+=($!)
airflow dag-processor >"$AIRFLOW_HOME/dag-processor.log" 2>&1 & pids+=($!)
for _ in $(seq 60); do
  if curl -fs "http://127.0.0.1:$PORT/api/v2/monitor/health" >/dev/null 2>&1; then break; fi
  sleep 1
done
echo "Airflow: http://127.0.0.1:$PORT  user: admin  password file: $AIRFLOW_HOME/simple_auth_manager_passwords.json.generated"
[ -f "$AIRFLOW_HOME/simple_auth_manager_passwords.json.generated" ] && cat "$AIRFLOW_HOME/simple_auth_manager_passwords.json.generated"
echo; echo "logs: $AIRFLOW_HOME/*.log ; Ctrl-C stops everything"
wait -n "${pids[@]}"
echo "a part has ended; see the logs"; exit 1
