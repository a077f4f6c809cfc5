#!/bin/sh
# Run by the postgres image when it makes a new cluster.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --no-psqlrc \
    --set owner_password="$PACNUM_OWNER_PASSWORD" \
    --set service_password="$PACNUM_SERVICE_PASSWORD" \
    --file /opt/pacnum/roles.sql
