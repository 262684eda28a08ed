#!/bin/sh
# Makes Temporal's two databases and brings their schema up to the version of these tools. Each
# command finds out by itself what is left to do. Where the database is, is in SQL_* (see
# docker-compose.yml); so the password is in no argument list.
set -eu

prepare() {
  database=$1
  schema=$2
  echo "preparing database $database"
  temporal-sql-tool --database "$database" create
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-name "$schema"
}

prepare temporal postgresql/v12/temporal
prepare temporal_visibility postgresql/v12/visibility
echo 'the databases are ready'
