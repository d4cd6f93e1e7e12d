# An image with weights in it, for machines without a network. The context is a folder that holds models.zip, a bundle
# that `facefusion models export` made:
#   docker build --file deploy/images/offline.Dockerfile --build-arg IMAGE=facefusion:cpu --tag facefusion:cpu-offline FOLDER
ARG IMAGE=facefusion:cpu

FROM ${IMAGE} AS models
USER 0:0
COPY models.zip /build/models.zip
# The image has no shell: the program itself checks the bundle, and puts in place what is sound.
RUN ["/opt/facefusion/bin/facefusion", "models", "import", "/build/models.zip", "--models-dir", "/models"]

FROM ${IMAGE}
COPY --from=models --chmod=0555 /models /models
