# Images of FaceFusion: docs/deploy/images.md.
#   docker build --target cpu --tag facefusion:cpu .
# Targets: cpu, cuda, tensorrt, openvino. What is built with lies in the first stages alone; an image holds Python, the
# libraries that it needs, and the package. It has no shell and no package manager.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS tools
ARG APT_MIRROR=
ARG APT_SECURITY_MIRROR=
COPY deploy/images/behind deploy/images/packages /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=apt \
    /build/packages python3 python3-venv ca-certificates tini libstdc++6 tzdata netbase
ENV PATH=/tools/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_NO_CACHE_DIR=1
ARG PIP_INDEX_URL=
COPY requirements/build.txt /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    python3 -m venv /tools && \
    /build/behind pip install --require-hashes --only-binary :all: --requirement /build/build.txt

# The pages of the console.
FROM tools AS pages
ARG NPM_REGISTRY=
WORKDIR /source/console
COPY console/package.json console/package-lock.json ./
RUN --mount=type=secret,id=ca --mount=type=secret,id=npm /build/behind npm ci --no-audit --no-fund
COPY console ./
COPY docs/openapi.json /source/docs/
RUN npm run build

FROM tools AS wheel
WORKDIR /source
COPY LICENSE NOTICE README.md pyproject.toml ./
COPY console/package.py console/
COPY src src
COPY --from=pages /source/src/facefusion/ui/static src/facefusion/ui/static
RUN hatchling build --target wheel --directory /wheel

# The Python environment of each target: all by hash, and nothing that runs a stranger's code when it is installed.
FROM tools AS environment
RUN python3 -m venv --without-pip /opt/facefusion
ENV PIP_PYTHON=/opt/facefusion/bin/python PIP_NO_COMPILE=1

FROM environment AS libraries-cpu
COPY requirements/image.txt /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    /build/behind pip install --require-hashes --only-binary :all: --requirement /build/image.txt

# The builds of ONNX Runtime for devices take the place of `onnxruntime`, for which packages ask: locks name all that is
# needed, so nothing is looked up.
FROM environment AS libraries-openvino
COPY requirements/image-openvino.txt /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    /build/behind pip install --no-deps --require-hashes --only-binary :all: --requirement /build/image-openvino.txt

FROM environment AS libraries-cuda
COPY requirements/image-cuda.txt /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    /build/behind pip install --no-deps --require-hashes --only-binary :all: --requirement /build/image-cuda.txt

# On the public index TensorRT is stubs, which fetch NVIDIA's wheels when they are built.
FROM libraries-cuda AS libraries-tensorrt
ARG NVIDIA_PIP_INDEX_URL=
COPY requirements/image-tensorrt.txt /build/
RUN --mount=type=secret,id=ca --mount=type=secret,id=pip \
    /build/behind pip install --no-deps --require-hashes --requirement /build/image-tensorrt.txt

# The package itself, with compiled modules, so that none is compiled at each start.
FROM libraries-cpu AS installed-cpu
COPY --from=wheel /wheel /wheel
RUN pip install --no-index --no-deps /wheel/*.whl
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/facefusion/lib

FROM libraries-openvino AS installed-openvino
COPY --from=wheel /wheel /wheel
RUN pip install --no-index --no-deps /wheel/*.whl
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/facefusion/lib

FROM libraries-cuda AS installed-cuda
COPY --from=wheel /wheel /wheel
RUN pip install --no-index --no-deps /wheel/*.whl
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/facefusion/lib

FROM libraries-tensorrt AS installed-tensorrt
COPY --from=wheel /wheel /wheel
RUN pip install --no-index --no-deps /wheel/*.whl
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/facefusion/lib

# What an image holds of Debian.
FROM tools AS rootfs
COPY deploy/images/rootfs.py deploy/images/health.py /build/
RUN python3 /build/rootfs.py /rootfs base-files ca-certificates libc-bin libstdc++6 netbase python3 tini tzdata
RUN cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ && \
    printf '%s\n' root:x:0:0:root:/root:/sbin/nologin facefusion:x:10001:10001::/app/state:/sbin/nologin \
      nobody:x:65534:65534::/nonexistent:/sbin/nologin >/rootfs/etc/passwd && \
    printf '%s\n' root:x:0: facefusion:x:10001: nogroup:x:65534: >/rootfs/etc/group && \
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' 'services: files' >/rootfs/etc/nsswitch.conf && \
    ldconfig -r /rootfs && \
    install -m 0644 -D /build/health.py /rootfs/usr/lib/facefusion/health.py && \
    install -d -m 0755 /rootfs/app /rootfs/app/input /rootfs/models && \
    install -d -m 1777 /rootfs/tmp /rootfs/app/output /rootfs/app/scratch /rootfs/app/state && \
    python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /rootfs /rootfs/usr/lib/python3*

FROM scratch AS image
COPY --from=rootfs /rootfs /
ENV PATH=/opt/facefusion/bin:/usr/bin \
    HOME=/app/state \
    TMPDIR=/app/state \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    FACEFUSION_SHARED_MODELS_DIRS=/models
WORKDIR /app
VOLUME /app/state
EXPOSE 8080 9464
USER 10001:10001
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/facefusion/bin/facefusion"]
CMD ["--help"]
# For `serve --port 8080`; who runs another command says --no-healthcheck, or names another check.
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=4 \
    CMD ["/opt/facefusion/bin/python", "-I", "/usr/lib/facefusion/health.py", "8080"]
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="FaceFusion" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"

FROM image AS openvino
COPY --from=installed-openvino /opt/facefusion /opt/facefusion

# The driver, with its libraries, comes from the machine: NVIDIA's container toolkit mounts it.
FROM image AS cuda
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
COPY --from=installed-cuda /opt/facefusion /opt/facefusion

FROM image AS tensorrt
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
COPY --from=installed-tensorrt /opt/facefusion /opt/facefusion

FROM image AS cpu
COPY --from=installed-cpu /opt/facefusion /opt/facefusion
