# syntax=docker/dockerfile:1
# The operator as one native executable on a base without shell and package manager.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
#     --build-arg VERSION=0.1.0 --build-arg REVISION=$(git rev-parse HEAD) -t REPOSITORY:0.1.0 --push .
#
# The build runs on the machine's own architecture and compiles for the other: nothing is emulated.
ARG DOTNET_VERSION=10.0

# The distribution of both stages is the same: an executable asks for a C library as new as the one that it was linked with.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:${DOTNET_VERSION}-noble AS build
ARG BUILDARCH
ARG TARGETARCH
ARG VERSION=0.1.0
ARG REVISION=
WORKDIR /src

# What links: clang for every architecture, and the C library of the one that is compiled for.
RUN case "$BUILDARCH:$TARGETARCH" in \
      amd64:arm64) library="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;; \
      arm64:amd64) library="gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;; \
      *) library="gcc libc6-dev" ;; \
    esac \
    && apt-get -q update \
    && apt-get -q -y install --no-install-recommends clang llvm binutils $library \
    && rm -rf /var/lib/apt/lists/*

# Packages are restored from the project files alone, so that a change of code does not fetch them again.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt ./
COPY operator/Directory.Build.props operator/Directory.Build.targets operator/
COPY operator/Kubernetes.Client/*.csproj operator/Kubernetes.Client/
COPY operator/Kubernetes.Controllers/*.csproj operator/Kubernetes.Controllers/
COPY operator/Kubernetes.InMemory/*.csproj operator/Kubernetes.InMemory/
COPY operator/Lifecycle/*.csproj operator/Lifecycle/
COPY operator/OAuth/*.csproj operator/OAuth/
COPY operator/VismaOperator/*.csproj operator/VismaOperator/
COPY operator/VismaOperator/Properties operator/VismaOperator/Properties
RUN dotnet restore operator/VismaOperator -a $TARGETARCH -p:Configuration=Release -p:PublishProfile=Native

COPY .editorconfig ./
COPY crds crds
COPY operator operator
RUN dotnet publish operator/VismaOperator -c Release -a $TARGETARCH --self-contained --no-restore \
      -p:PublishProfile=Native -p:VersionPrefix=$VERSION -p:SourceRevisionId=$REVISION -o /out

FROM mcr.microsoft.com/dotnet/runtime-deps:${DOTNET_VERSION}-noble-chiseled
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="visma-operator" \
      org.opencontainers.image.description="Keeps OAuth tokens for the Visma ERP APIs in Kubernetes Secrets, always fresh." \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"
# The root file system is read-only in the chart, and diagnostics would want to write.
ENV DOTNET_EnableDiagnostics=0
COPY --from=build /out/visma-operator /visma-operator
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
# Health and metrics; consent pages.
EXPOSE 8080 8081
ENTRYPOINT ["/visma-operator"]
CMD ["run"]
