{{- /*
What the schema cannot refuse: values that would render, and then be refused by Kubernetes or make two parts disagree.
Where the chart needs a key for other objects than harmwatch.yaml, it is set in one place.
*/ -}}
{{- define "harmwatch.check" -}}
{{- range $section, $keys := .Values.config -}}
{{- if kindIs "invalid" $keys -}}
{{- fail (printf "config.%s is null: leave it out, or give it keys" $section) -}}
{{- end -}}
{{- end -}}
{{- range $section, $keys := dict
    "kafka" (dict "bootstrap_servers" "kafka.bootstrapServers" "group_id" "kafka.groupId")
    "topics" (dict "events" "kafka.topics" "panes" "kafka.panesTopic" "decisions" "kafka.decisionsTopic")
    "web" (dict "port" "service.port") -}}
{{- if hasKey $.Values.config $section -}}
{{- $given := get $.Values.config $section -}}
{{- if not (kindIs "map" $given) -}}
{{- fail (printf "config.%s must be a mapping" $section) -}}
{{- end -}}
{{- range $key, $value := $keys -}}
{{- if hasKey $given $key -}}
{{- fail (printf "config.%s.%s would reach the worker alone: set %s, which other objects go by too" $section $key $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if has (dig "web" "host" "" .Values.config) (list "127.0.0.1" "localhost" "::1") -}}
{{- fail "config.web.host is loopback, where neither probes nor Prometheus reach the worker: leave it out" -}}
{{- end -}}
{{- range (splitList "," .Values.kafka.bootstrapServers) -}}
{{- $port := regexFind "[0-9]+$" . | int -}}
{{- if or (lt $port 1) (gt $port 65535) -}}
{{- fail (printf "kafka.bootstrapServers: %d is no port" $port) -}}
{{- end -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "autoscaling.minReplicas is %d, more than autoscaling.maxReplicas, %d" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- $drain := dig "tap" "drain_seconds" 20 .Values.config -}}
{{- if le (float64 .Values.terminationGracePeriodSeconds) (float64 $drain) -}}
{{- fail (printf "terminationGracePeriodSeconds must be more than config.tap.drain_seconds, %v: workers would be killed while they drain" $drain) -}}
{{- end -}}
{{- $selector := include "harmwatch.selector" . | fromYaml -}}
{{- range $label, $_ := .Values.podLabels -}}
{{- if hasKey $selector $label -}}
{{- fail (printf "podLabels cannot have %s: the Service and the workload select pods by it" $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
