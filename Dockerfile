# The command in an image: the wheel of this tree and the run-time pins, and nothing that built them.
#
#   docker build --tag genie .
#   docker run --rm --read-only --network none genie
#
# A digest fixes the base, too:  --build-arg PYTHON=python:3.13-slim@sha256:...
# A package index of your own comes as a secret, which no layer keeps:  --secret id=pip.conf,src=pip.conf
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /build
COPY constraints/run.txt constraints/
# The only step that needs a network. Every wheel has to have a hash that is written down.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python -m pip download --quiet --require-hashes --no-deps --only-binary :all: \
    --dest wheels --requirement constraints/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY genie genie
COPY agents agents
COPY config config
RUN python -m venv backend \
    && backend/bin/python -m pip install --quiet --no-index --find-links wheels hatchling \
    && backend/bin/python -m pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir wheels . \
    && python -m venv --without-pip /genie \
    && python -m pip --python /genie/bin/python install --quiet --no-index --find-links wheels "genie-bus[insights]"

FROM ${PYTHON}
COPY --from=build /genie /genie
ENV PATH="/genie/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
# A number, so that a cluster can see that it is not root. No HEALTHCHECK: a run ends by itself, with a code that says how.
USER 10001:10001
ENTRYPOINT ["genie"]
CMD ["run", "insights"]
