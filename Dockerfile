# Kith in a container: the environment is built from the locked requirements, then copied into a small image that runs
# as an ordinary user. tests/test_container.py executes the build stage's steps in clean folders.

FROM python:3.11-slim-bookworm AS build
COPY requirements.txt requirements-build.txt /build/
RUN python -m venv /build/tools && /build/tools/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes --only-binary :all: -r /build/requirements-build.txt
RUN python -m venv --without-pip /opt/kith && /build/tools/bin/python -m pip --python /opt/kith/bin/python install --disable-pip-version-check --quiet --require-hashes --only-binary :all: -r /build/requirements.txt
COPY pyproject.toml LICENSE NOTICE README.md /build/source/
COPY graph /build/source/graph
COPY analysis /build/source/analysis
COPY ingest /build/source/ingest
COPY viz /build/source/viz
COPY api /build/source/api
COPY docs/methods /build/source/docs/methods
RUN cd /build/source && /build/tools/bin/python -m hatchling build -t wheel -d /build/wheels
RUN /build/tools/bin/python -m pip --python /opt/kith/bin/python install --disable-pip-version-check --quiet --no-deps --no-index /build/wheels/kith-*.whl

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/kith --create-home --shell /usr/sbin/nologin kith
COPY --from=build /opt/kith /opt/kith
ENV PATH=/opt/kith/bin:$PATH KITH_DATA=/var/lib/kith PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /var/lib/kith
VOLUME /var/lib/kith
EXPOSE 8000
# 503 while the store is down makes urlopen raise, so the container is unhealthy then.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/v1/health', timeout=4).close()"]
CMD ["kith", "serve", "--host", "0.0.0.0", "--port", "8000"]
