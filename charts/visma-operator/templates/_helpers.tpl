{{- define "visma-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Names of Services begin with a letter and have 63 characters at most, and the longest suffix is "-test-ready". */}}
{{- define "visma-operator.fullname" -}}
{{- $name := include "visma-operator.name" . }}
{{- $release := .Release.Name | replace "." "-" }}
{{- $full := printf "%s-%s" $release $name }}
{{- if .Values.fullnameOverride }}
{{- $full = .Values.fullnameOverride }}
{{- else if not (regexMatch "^[a-z]" $release) }}
{{- $full = printf "%s-%s" $name $release }}
{{- else if contains $name $release }}
{{- $full = $release }}
{{- end }}
{{- $full | trunc 52 | trimAll "-" }}
{{- end }}

{{- /* ClusterRoles of two releases must not meet: their names carry the namespace. */}}
{{- define "visma-operator.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "visma-operator.fullname" .) | trunc 200 | trimSuffix "-" }}
{{- end }}

{{- define "visma-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "visma-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "visma-operator.operatorLabels" -}}
{{ include "visma-operator.selectorLabels" . }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "visma-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "visma-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "visma-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "visma-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed with serviceAccount.create=false: name an existing account." .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "visma-operator.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "visma-operator.publicURL" -}}
{{- trimSuffix "/" .Values.publicURL | lower }}
{{- end }}

{{- define "visma-operator.consentHost" -}}
{{- (urlParse .Values.publicURL).hostname | lower }}
{{- end }}

{{- /* What a route from outside needs. The argument: the root, and the value that asks for the route. */}}
{{- define "visma-operator.checkConsentHost" -}}
{{- $host := include "visma-operator.consentHost" .root }}
{{- if not .root.Values.publicURL }}
{{- fail (printf "%s needs publicURL: its host is the host of the route, and without it no consent pages are served." .value) }}
{{- else if regexMatch "^[0-9.]+$" $host }}
{{- fail (printf "%s needs a name in publicURL: Kubernetes leads from names, not from addresses such as %s." .value $host) }}
{{- end }}
{{- end }}

{{- define "visma-operator.arguments" -}}
- run
{{- with .Values.namespaces }}
- {{ printf "--namespaces=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.allowedIssuers }}
- {{ printf "--allowed-issuers=%s" (join "," .) | quote }}
{{- end }}
{{- with .Values.allowedApiHosts }}
- {{ printf "--allowed-api-hosts=%s" (join "," .) | quote }}
{{- end }}
{{- if .Values.insecureIssuers }}
- --insecure-issuers=true
{{- end }}
{{- with .Values.allowedMetadataPrefixes }}
- {{ printf "--allowed-metadata-prefixes=%s" (join "," .) | quote }}
{{- end }}
- --leader-elect={{ .Values.leaderElect }}
{{- if .Values.leaderElect }}
- --leader-elect-lease-duration={{ .Values.leaderElectLeaseDuration }}
- --leader-elect-renew-deadline={{ .Values.leaderElectRenewDeadline }}
- --leader-elect-retry-period={{ .Values.leaderElectRetryPeriod }}
{{- end }}
- --workers={{ .Values.workers }}
- --http-port={{ .Values.httpPort }}
{{- if .Values.httpTls }}
- --http-tls=/etc/visma-operator/http-tls
{{- end }}
{{- if .Values.metricsAuth }}
- --metrics-auth=true
{{- if .Values.insecureMetricsAuth }}
- --insecure-metrics-auth=true
{{- else if not .Values.httpTls }}
{{- fail "metricsAuth needs httpTls, since tokens of readers would travel unencrypted; or insecureMetricsAuth, where a mesh encrypts the port." }}
{{- end }}
{{- end }}
{{- if not .Values.connectionMetrics }}
- --connection-metrics=false
{{- end }}
{{- if .Values.connectionSets.enabled }}
- --connection-sets=true
{{- end }}
{{- if .Values.publicURL }}
- {{ printf "--public-url=%s" (include "visma-operator.publicURL" .) | quote }}
- --consent-port={{ .Values.consentPort }}
{{- end }}
- --log-format={{ .Values.logFormat }}
- --log-level={{ .Values.logLevel }}
{{- end }}

{{- /* What the operator may do where it serves, in both modes. Every verb here is one that it uses; a test removes each in turn. */}}
{{- define "visma-operator.rules" -}}
- apiGroups: [visma-operator.io]
  resources: [oauthclients, vismaconnections]
  verbs: [list, watch]
- apiGroups: [visma-operator.io]
  resources: [oauthclients/status, vismaconnections/status]
  verbs: [patch]
# list and watch: metadata of the Secrets with its own label (tokens, grants, codes that are handed over), and the credential
# Secrets of clients, each by name. get: the content of its own ones: a token that somebody changed, a grant, a code.
# create, update, delete: its own ones. RBAC cannot narrow a verb to a label, so these reach every Secret {{ if .Values.namespaces }}of this namespace{{ else }}of the cluster{{ end }}.
- apiGroups: [""]
  resources: [secrets]
  verbs: [list, watch, get, create, update, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- if .Values.connectionSets.enabled }}
# Sets of connections: the connections that they make, and the ConfigMaps that they name, each by name. RBAC cannot narrow a verb to
# an owner or to names that are not known, so these reach every connection and ConfigMap {{ if .Values.namespaces }}of this namespace{{ else }}of the cluster{{ end }}.
- apiGroups: [visma-operator.io]
  resources: [vismaconnectionsets]
  verbs: [list, watch]
- apiGroups: [visma-operator.io]
  resources: [vismaconnectionsets/status]
  verbs: [patch]
- apiGroups: [visma-operator.io]
  resources: [vismaconnections]
  verbs: [create, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch]
{{- end }}
{{- end }}
