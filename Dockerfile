# The service in one image: API, worker and command line. The embedded PostgreSQL is in it too and
# serves when PACNUM_DATABASE_URL is not set; its data then live in /var/lib/pacnum (mount a volume).
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# What builds stays behind in this stage, in an environment of its own.
RUN python -m venv /opt/pacnum && python -m venv /opt/build
WORKDIR /source
# The dependencies first: this layer stays until a lock file changes. Nothing is taken that the locks
# have no hash of, the tools that build the one or other source package included.
COPY requirements/runtime.lock requirements/build.lock requirements/
RUN /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements/build.lock \
    && /opt/build/bin/pip wheel --no-deps --require-hashes --no-build-isolation --wheel-dir /wheels \
        -r requirements/runtime.lock \
    && /opt/pacnum/bin/pip install --no-deps --no-index /wheels/*.whl
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY migrations migrations
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /project . \
    && /opt/pacnum/bin/pip install --no-deps --no-index /project/*.whl \
    && /opt/pacnum/bin/pip check

FROM python:${PYTHON_VERSION}-slim
# An account with a name: PostgreSQL's initdb refuses one that is only a number.
RUN groupadd --system --gid 10001 pacnum \
    && useradd --system --uid 10001 --gid 10001 --create-home --home-dir /var/lib/pacnum \
        --shell /usr/sbin/nologin pacnum
COPY --from=build /opt/pacnum /opt/pacnum
ENV PATH=/opt/pacnum/bin:$PATH PYTHONUNBUFFERED=1 \
    PACNUM_HOME=/var/lib/pacnum PACNUM_PUBLIC_URL=http://127.0.0.1:8000
WORKDIR /var/lib/pacnum
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-c", "import urllib.request as request; request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["pacnum"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
