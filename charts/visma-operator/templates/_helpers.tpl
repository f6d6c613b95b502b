{{- define "visma-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "visma-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "visma-operator.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- /* ClusterRoles of two releases must not meet: their names carry the namespace. */}}
{{- define "visma-operator.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "visma-operator.fullname" .) | trunc 200 | trimSuffix "-" }}
{{- end }}

{{- define "visma-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "visma-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
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
{{- trimSuffix "/" .Values.publicURL }}
{{- end }}

{{- define "visma-operator.consentHost" -}}
{{- (urlParse .Values.publicURL).hostname }}
{{- end }}

{{- define "visma-operator.arguments" -}}
- run
{{- with .Values.namespaces }}
- --namespaces={{ join "," . }}
{{- end }}
{{- with .Values.allowedIssuers }}
- --allowed-issuers={{ join "," . }}
{{- end }}
{{- with .Values.allowedApiHosts }}
- --allowed-api-hosts={{ join "," . }}
{{- end }}
{{- if .Values.insecureIssuers }}
- --insecure-issuers=true
{{- end }}
{{- with .Values.allowedMetadataPrefixes }}
- --allowed-metadata-prefixes={{ join "," . }}
{{- end }}
- --leader-elect={{ .Values.leaderElect }}
- --workers={{ .Values.workers }}
- --http-port={{ .Values.httpPort }}
{{- if .Values.publicURL }}
- --public-url={{ include "visma-operator.publicURL" . }}
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
{{- end }}
