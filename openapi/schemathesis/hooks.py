"""What Schemathesis must know beside the document: how to read a page, which request follows which, and what a cache
answers after a write and after a deletion."""

import schemathesis

# Operation and status, and the operations that follow it with the same parameter.
FOLLOWED_BY = [
    ("/examples/cache/{key}", "post", "key", "$request.path.key", ["get_cache", "set_cache", "delete_cache"]),
    ("/examples/cache/{key}", "delete", "key", "$request.path.key", ["get_cache", "set_cache"]),
    (
        "/examples/messaging/publish",
        "post",
        "queue_name",
        "$request.query.queue_name",
        ["publish_message", "get_queue_info"],
    ),
]


@schemathesis.deserializer("text/html")
def html(_context, response):
    """A page is text, as the document describes it."""
    return response.text


@schemathesis.hook
def before_load_schema(_context, raw_schema):
    """Add the links of the stateful phase: what was written is read, deleted, and read again."""
    for path, method, parameter, value, targets in FOLLOWED_BY:
        answer = raw_schema["paths"][path][method]["responses"]["200"]
        answer["links"] = {
            target: {"operationId": target, "parameters": {parameter: value}} for target in targets
        }


@schemathesis.check
def cache_tells_what_was_done(context, response, case):
    """What was set is there, and what was deleted is not: the stricter form of `use_after_free`, which knows only 404."""
    if case.operation.label != "GET /examples/cache/{key}" or response.status_code != 200:
        return
    # All requests of this scenario, in the order in which they were sent; the last change of this key counts.
    last = None
    for earlier in context.internals.find_all_cases():
        done = context.internals.find_response(case_id=earlier.id)
        is_change = earlier.operation.path == case.operation.path and earlier.operation.method.lower() != "get"
        if earlier.id != case.id and is_change and done is not None and done.status_code == 200:
            if done.json()["key"] == response.json()["key"]:
                last = done.json()
    entry = response.json()
    if last is None:
        return
    if last["action"] == "delete":
        assert entry["exists"] is False and entry["value"] is None, f"it was deleted: {entry}"
    # What lives for seconds only may be gone by now.
    elif last["ttl"] is None or last["ttl"] > 60:
        assert entry["value"] == last["value"], f"it was set: {entry}"
