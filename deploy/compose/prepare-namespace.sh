#!/bin/sh
# Makes the namespace and mooring's search attributes on a server that has just started. What is
# there already is left alone. `mooring setup` does the same from a machine that has mooring.
#
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where, RETENTION how long closed histories are kept.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}" "${RETENTION:=720h}"
attempts_max=60
pause_seconds=2

# As in src/contract/search-attributes.ts.
search_attributes='
  MooringHost=Keyword
  MooringVolume=Keyword
  MooringState=Keyword
  MooringWwid=Keyword
  MooringTargets=KeywordList
  MooringPathsExpected=Int
  MooringPathsPresent=Int
'

# Tries until it succeeds; the last words are shown when it never does.
persist() {
  attempt=1
  until said=$("$@" 2>&1); do
    if [ "$attempt" -ge "$attempts_max" ]; then
      echo "$said" >&2
      echo "gave up after $attempts_max attempts: $*" >&2
      exit 1
    fi
    attempt=$((attempt + 1))
    sleep "$pause_seconds"
  done
}

ensure_namespace() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
}

add_attribute() {
  # One that is there already is no error to the tool.
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
    --name "${1%=*}" --type "${1#*=}"
}

persist temporal operator cluster health
persist ensure_namespace
for attribute in $search_attributes; do
  # A namespace just made is known to the whole server only seconds later.
  persist add_attribute "$attribute"
done
echo "namespace $TEMPORAL_NAMESPACE is ready"
