-- Run once per database, by an administrator, connected to that database:
--   psql -v owner_password=… -v service_password=… -f roles.sql pacnum
-- Who owns the tables must not be who serves requests: row-level security is the second lock behind
-- the tenant filter of every query, and the service must not be able to lift it.
\set ON_ERROR_STOP on

-- What the service may do. Nobody logs in as it; migrations grant to it.
CREATE ROLE pacnum_app NOLOGIN;

-- Owns the database and all tables: migrations only (PACNUM_DATABASE_OWNER_URL).
CREATE ROLE pacnum_owner LOGIN PASSWORD :'owner_password';
GRANT pacnum_app TO pacnum_owner;

-- Logs in for the API, the worker and the commands (PACNUM_DATABASE_URL). NOINHERIT: it has no right
-- of its own, and acts as pacnum_app, which it becomes when it connects.
CREATE ROLE pacnum_service LOGIN NOINHERIT PASSWORD :'service_password';
GRANT pacnum_app TO pacnum_service;
-- What the service asks for when it connects, repeated for poolers that swallow such wishes.
ALTER ROLE pacnum_service SET role = 'pacnum_app';
ALTER ROLE pacnum_service SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE pacnum_service SET statement_timeout = '30s';
ALTER ROLE pacnum_service SET lock_timeout = '10s';
ALTER ROLE pacnum_service SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE pacnum_service SET tcp_keepalives_idle = 30;
ALTER ROLE pacnum_service SET tcp_keepalives_interval = 10;
ALTER ROLE pacnum_service SET tcp_keepalives_count = 3;
ALTER ROLE pacnum_service SET tcp_user_timeout = '60s';

SELECT format('ALTER DATABASE %I OWNER TO pacnum_owner', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO pacnum_service', current_database()) \gexec
SELECT format('GRANT TEMPORARY ON DATABASE %I TO pacnum_app', current_database()) \gexec
