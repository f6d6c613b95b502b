# syntax=docker/dockerfile:1
# The operator as one trimmed, self-contained file on a base without shell and package manager.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
#     --build-arg VERSION=0.1.0 --build-arg REVISION=$(git rev-parse HEAD) -t REPOSITORY:0.1.0 --push .
#
# The build runs on the machine's own architecture and compiles for the other: nothing is emulated.
ARG DOTNET_VERSION=10.0

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:${DOTNET_VERSION} AS build
ARG TARGETARCH
ARG VERSION=0.1.0
ARG REVISION=
WORKDIR /src

# Packages are restored from the project files alone, so that a change of code does not fetch them again.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt ./
COPY operator/Directory.Build.props operator/
COPY operator/Kubernetes.Client/*.csproj operator/Kubernetes.Client/
COPY operator/Kubernetes.Controllers/*.csproj operator/Kubernetes.Controllers/
COPY operator/Kubernetes.InMemory/*.csproj operator/Kubernetes.InMemory/
COPY operator/Lifecycle/*.csproj operator/Lifecycle/
COPY operator/OAuth/*.csproj operator/OAuth/
COPY operator/VismaOperator/*.csproj operator/VismaOperator/
COPY operator/VismaOperator/Properties operator/VismaOperator/Properties
RUN dotnet restore operator/VismaOperator -a $TARGETARCH -p:PublishReadyToRun=true -p:SelfContained=true

COPY .editorconfig ./
COPY crds crds
COPY operator operator
RUN dotnet publish operator/VismaOperator -c Release -a $TARGETARCH --self-contained --no-restore \
      -p:PublishProfile=SingleFile -p:VersionPrefix=$VERSION -p:SourceRevisionId=$REVISION -o /out

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
