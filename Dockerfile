# One image for every part of a stack: docker-compose.test.yml says which command each container runs.
#
#   docker build -t cloudserver-harness .
#   docker run --rm -p 8000:8000 -p 5000:5000 cloudserver-harness
#
# PYTHON_IMAGE: any image with Python 3.11 or newer and its venv module. A package index of your own comes as a secret:
# --secret id=pip.conf,src=$HOME/.config/pip/pip.conf
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_PROGRESS_BAR=off
WORKDIR /src
RUN python3 -m venv /opt/harness
COPY pyproject.toml requirements.lock ./
# what the project needs when it runs, in the locked versions, in a layer that changes only when these do
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    sed -e '/^ *--hash/d' -e 's/ *\\$//' requirements.lock > /tmp/locked.txt \
    && /opt/harness/bin/python -c "import tomllib; \
print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > /tmp/needed.txt \
    && /opt/harness/bin/pip install -r /tmp/needed.txt -c /tmp/locked.txt
COPY README.md LICENSE ./
COPY fake_cloudserver fake_cloudserver
COPY harness harness
# clients of AWS services other than those that are spoken here, and what installs packages, are left behind
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /opt/harness/bin/pip install --no-deps . \
    && find /opt/harness/lib/python3*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
        ! -name s3 ! -name sts ! -name sso ! -name sso-oidc -exec rm -r {} + \
    && /opt/harness/bin/pip uninstall --yes --quiet pip setuptools

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --home-dir /tmp --shell /usr/sbin/nologin harness
COPY --from=build /opt/harness /opt/harness
COPY scenarios /scenarios
ENV PATH=/opt/harness/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
WORKDIR /
USER 10001
EXPOSE 8000 5000
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s \
    CMD ["python", "-m", "harness.containers.health", "http://127.0.0.1:8000/"]
CMD ["harness", "up", "--host", "0.0.0.0", "--port", "8000", "--aws-port", "5000"]
