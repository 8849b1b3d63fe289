# syntax=docker/dockerfile:1
# The toolkit on NVIDIA cards, with the Paddle of requirements-gpu.txt: CUDA 11.8, compute capability 6.1 to 8.6.
#
#   docker build -t ddrnet-gpu -f docker/gpu.Dockerfile docker/   its environment; mount the checkout at /opt/ddrnet
#   docker build -t ddrnet-gpu -f docker/gpu.Dockerfile .         the whole toolkit
#
# For newer cards PADDLE has the pip arguments of Paddle's install page, and CUDA_IMAGE the matching base image.

ARG CUDA_IMAGE=nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04

# The tag is that of the argument.
# hadolint ignore=DL3006
FROM ${CUDA_IMAGE} AS packages
# hadolint ignore=DL3008
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /opt/lists
COPY requirements-gpu.txt requirements-serving.txt constraints-gpu.txt ./
# The oldest Paddle of the list is the one built for this CUDA.
RUN sed -i -e 's/^opencv-python/opencv-python-headless/' -e 's/^paddlepaddle-gpu>=/paddlepaddle-gpu==/' \
        requirements-gpu.txt && \
    python3 -m venv /opt/venv
ARG PADDLE=""
# Paddle from another index comes first; then its line is removed from the list, which would install PyPI's.
# hadolint ignore=SC2086
RUN --mount=type=cache,target=/root/.cache/pip \
    if [ -n "$PADDLE" ]; then \
        sed -i '/^paddlepaddle-gpu/d' requirements-gpu.txt && \
        /opt/venv/bin/python -m pip install --disable-pip-version-check $PADDLE; \
    fi && \
    /opt/venv/bin/python -m pip install --disable-pip-version-check -c constraints-gpu.txt \
        -r requirements-gpu.txt -r requirements-serving.txt

# hadolint ignore=DL3006
FROM ${CUDA_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 libgomp1 && \
    rm -rf /var/lib/apt/lists/*
# Paddle 2.6.2 opens libcudnn.so and its like without a version; such names exist only in the development image.
RUN for name in cublas cublasLt cufft curand cusolver cusparse cudnn nccl; do \
        for file in "/usr/local/cuda/lib64/lib$name.so."[0-9]* "/usr/lib/x86_64-linux-gnu/lib$name.so."[0-9]*; do \
            if [ -e "$file" ]; then ln -sf "$file" "/usr/lib/x86_64-linux-gnu/lib$name.so"; break; fi; \
        done; \
    done
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/ddrnet \
    PYTHONUNBUFFERED=1 \
    HOME=/home/ddrnet
# The home is open to all, because `docker run --user` may set any user id.
RUN useradd --uid 1000 --no-create-home ddrnet && \
    install -d -m 1777 /home/ddrnet && \
    printf '#!/bin/sh\nexec python -m paddleseg.deploy.serve "$@"\n' > /usr/local/bin/ddrnet-serve && \
    chmod 755 /usr/local/bin/ddrnet-serve
WORKDIR /opt/ddrnet
COPY . .
RUN install -d -m 1777 /opt/ddrnet/output
USER 1000:1000
EXPOSE 8000
CMD ["bash"]
