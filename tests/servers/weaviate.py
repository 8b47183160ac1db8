"""A stand-in for a Weaviate server: enough of its REST and gRPC protocol for our store, over a model in memory.

It is ours. It proves that the client code speaks the protocol, keeps its deadlines and survives faults; it proves nothing
of how Weaviate behaves. For that, tests/conformance/test_stores.py runs against a real server named by WEAVIATE_URL.

Run as a process of its own, so that it can be killed, stopped and started again on the same ports:

    python -m tests.servers.weaviate HTTP_PORT GRPC_PORT [JOURNAL]

JOURNAL: a file that every change is appended to and read back from, as a database would have.
POST /faults with {"unavailable": n} fails the next n gRPC calls with UNAVAILABLE; {"batch": n} refuses every second object
of the next n batches of several; {"slow_s": s} has every gRPC call take that long; {"deletes": n} fails the next n deletes;
{"expires_s": s} has tokens end after that long.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from weaviate.proto.v1 import (
    aggregate_pb2,
    base_pb2,
    batch_delete_pb2,
    batch_pb2,
    search_get_pb2,
    tenants_pb2,
    weaviate_pb2_grpc,
)

from tests.servers.weaviate_model import MOST_RESULTS, Collection, Object, Refused, Shard

VERSION = "1.34.0"
MAX_MESSAGE = 10_485_760
"""Stricter than Weaviate's default of 104,858,000 bytes."""
_OPERATORS = base_pb2.Filters


class Server(weaviate_pb2_grpc.WeaviateServicer):
    """One process's whole state, and both of its protocols."""

    def __init__(self, journal: Path | None, api_key: str = "") -> None:
        self.collections: dict[str, Collection] = {}
        self.faults: dict[str, float] = {}
        self.api_key = api_key
        self._journal: Any = None
        if journal:
            if journal.exists():
                self._replay(journal.read_bytes())
            self._journal = journal.open("ab")

    # --- the journal ----------------------------------------------------------------------------------------------

    def _kept(self, kind: str, data: bytes) -> None:
        if self._journal:
            self._journal.write(kind.encode() + struct.pack("<I", len(data)) + data)
            self._journal.flush()

    def _replay(self, data: bytes) -> None:
        at = 0
        while at + 5 <= len(data):
            kind, (size,) = data[at : at + 1].decode(), struct.unpack("<I", data[at + 1 : at + 5])
            body = data[at + 5 : at + 5 + size]
            at += 5 + size
            if len(body) < size:
                return  # killed while it was written
            if kind == "c":
                self.collections[json.loads(body)["class"]] = Collection.made(json.loads(body))
            elif kind == "t":
                self._tenants(*json.loads(body))
            elif kind == "o":
                self._put(batch_pb2.BatchObject.FromString(body))
            else:
                request = batch_delete_pb2.BatchDeleteRequest.FromString(body)
                self._delete(request)

    # --- changes --------------------------------------------------------------------------------------------------

    def _collection(self, name: str) -> Collection:
        if name not in self.collections:
            raise Refused(f"could not find class {name} in schema")
        return self.collections[name]

    def _tenants(self, name: str, tenants: list[str]) -> None:
        collection = self._collection(name)
        for tenant in tenants:
            collection.shards.setdefault(tenant, Shard(collection.fields))

    def _put(self, one: batch_pb2.BatchObject) -> None:
        fields = one.properties.non_ref_properties.fields
        properties = {name: getattr(value, value.WhichOneof("kind")) for name, value in fields.items()}
        collection = self._collection(one.collection)
        for name, value in properties.items():
            if collection.fields.get(name, {}).get("type") == "int":
                if value != int(value):
                    raise Refused(f"requires an integer, the given value is {value!r}")
                properties[name] = int(value)
        raw = one.vectors[0].vector_bytes if one.vectors else one.vector_bytes
        vector = np.frombuffer(raw, "<f4") if raw else None
        collection.put(one.tenant, one.uuid, properties, vector)

    def _delete(self, request: batch_delete_pb2.BatchDeleteRequest) -> tuple[int, int]:
        shard = self._collection(request.collection).shard(request.tenant)
        found = sorted(matches(shard, request.filters))
        deleted = sum(shard.delete(id) for id in found[:MOST_RESULTS])
        return len(found), deleted

    # --- gRPC -----------------------------------------------------------------------------------------------------

    async def _answered(self, context: Any, answer: Callable[[], Any]) -> Any:
        if not self._lets_in(dict(context.invocation_metadata()).get("authorization", "")):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "invalid api key")
        if self.faults.get("slow_s"):
            await asyncio.sleep(self.faults["slow_s"])
        if self._takes("unavailable"):
            await context.abort(grpc.StatusCode.UNAVAILABLE, "as the test wants it")
        try:
            return answer()
        except Refused as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))

    def _takes(self, fault: str) -> bool:
        if self.faults.get(fault, 0) < 1:
            return False
        self.faults[fault] -= 1
        return True

    async def BatchObjects(self, request: Any, context: Any) -> Any:
        def answer() -> Any:
            errors, refusing = [], len(request.objects) > 1 and self._takes("batch")
            for index, one in enumerate(request.objects):
                try:
                    if refusing and index % 2:
                        raise Refused("as the test wants it")
                    self._put(one)
                    self._kept("o", one.SerializeToString())
                except Refused as error:
                    errors.append(batch_pb2.BatchObjectsReply.BatchError(index=index, error=str(error)))
            return batch_pb2.BatchObjectsReply(errors=errors)

        return await self._answered(context, answer)

    async def BatchDelete(self, request: Any, context: Any) -> Any:
        def answer() -> Any:
            if self._takes("deletes"):
                return batch_delete_pb2.BatchDeleteReply(matches=1, failed=1)
            found, deleted = self._delete(request)
            self._kept("d", request.SerializeToString())
            return batch_delete_pb2.BatchDeleteReply(matches=found, successful=deleted)

        return await self._answered(context, answer)

    async def TenantsGet(self, request: Any, context: Any) -> Any:
        def answer() -> Any:
            names = self._collection(request.collection).shards
            active = tenants_pb2.TENANT_ACTIVITY_STATUS_ACTIVE
            return tenants_pb2.TenantsGetReply(
                tenants=[tenants_pb2.Tenant(name=name, activity_status=active) for name in names]
            )

        return await self._answered(context, answer)

    async def Aggregate(self, request: Any, context: Any) -> Any:
        def answer() -> Any:
            shard = self._collection(request.collection).shard(request.tenant)
            found = matches(shard, request.filters) if request.HasField("filters") else shard.objects
            single = aggregate_pb2.AggregateReply.Single(objects_count=len(found))
            return aggregate_pb2.AggregateReply(single_result=single)

        return await self._answered(context, answer)

    async def Search(self, request: Any, context: Any) -> Any:
        return await self._answered(context, lambda: self._searched(request))

    def _searched(self, request: Any) -> Any:
        shard = self._collection(request.collection).shard(request.tenant)
        limit = request.limit or 25
        if limit > MOST_RESULTS:
            raise Refused("query maximum results exceeded")
        among = matches(shard, request.filters) if request.HasField("filters") else None
        results: list[tuple[Object, dict[str, Any]]]
        if request.HasField("near_vector"):
            near = request.near_vector
            raw = near.vectors[0].vector_bytes if near.vectors else near.vector_bytes
            raw = (
                raw
                or near.vector_for_targets[0].vector_bytes
                or near.vector_for_targets[0].vectors[0].vector_bytes
            )
            found = shard.nearest(np.frombuffer(raw, "<f4"), among, limit)
            results = [(o, {"distance": d, "distance_present": True}) for o, d in found]
        elif request.HasField("bm25_search"):
            found = shard.bm25(request.bm25_search.query, list(request.bm25_search.properties), among, limit)
            results = [(o, {"score": s, "score_present": True}) for o, s in found]
        else:
            if request.after and among is not None:
                raise Refused("where cannot be set with after and limit parameters")
            ids = sorted(i for i in shard.objects if (among is None or i in among) and i > request.after)
            results = [(shard.objects[i], {}) for i in ids[:limit]]
        return search_get_pb2.SearchReply(
            results=[self._result(request, shard, o, meta) for o, meta in results]
        )

    def _result(self, request: Any, shard: Shard, one: Object, meta: dict[str, Any]) -> Any:
        result = search_get_pb2.SearchResult()
        for name in request.properties.non_ref_properties:
            if name in one.properties:
                value = result.properties.non_ref_props.fields[name]
                kind = shard.fields[name]["type"]
                setattr(value, f"{kind}_value", one.properties[name])
        for name, value in meta.items():
            setattr(result.metadata, name, value)
        now = int(time.time() * 1000)
        result.metadata.id_as_bytes = uuid.UUID(one.id).bytes
        result.metadata.creation_time_unix = result.metadata.last_update_time_unix = now
        result.metadata.creation_time_unix_present = result.metadata.last_update_time_unix_present = True
        for name in request.metadata.vectors:
            if one.vector is not None:
                single = base_pb2.Vectors.VECTOR_TYPE_SINGLE_FP32
                vector = base_pb2.Vectors(name=name, vector_bytes=one.vector.tobytes(), type=single)
                result.metadata.vectors.append(vector)
        return result

    # --- REST -----------------------------------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        return [
            Route("/v1/meta", self._checked(self._meta)),
            Route("/v1/.well-known/ready", self._checked(self._ready)),
            Route("/v1/.well-known/openid-configuration", self._provider),
            Route("/oidc", self._endpoints),
            Route("/oidc/token", self._token, methods=["POST"]),
            Route("/v1/schema", self._checked(self._create), methods=["POST"]),
            Route("/v1/schema/{name}", self._checked(self._schema)),
            Route("/v1/schema/{name}/tenants", self._checked(self._add_tenants), methods=["POST"]),
            Route("/v1/schema/{name}/tenants/{tenant}", self._checked(self._tenant)),
            Route("/v1/objects", self._checked(self._insert), methods=["POST"]),
            Route("/v1/nodes/{name}", self._checked(self._nodes)),
            Route("/faults", self._set_faults, methods=["POST"]),
        ]

    def _checked(self, answer: Callable[[Request], Awaitable[Response]]) -> Any:
        async def checked(request: Request) -> Response:
            if not self._lets_in(request.headers.get("authorization", "")):
                return JSONResponse({"code": 401, "message": "invalid api key"}, 401)
            try:
                return await answer(request)
            except Refused as error:
                return JSONResponse({"error": [{"message": str(error)}]}, 422)

        return checked

    async def _meta(self, request: Request) -> Response:
        return JSONResponse({"version": VERSION, "modules": {}, "grpcMaxMessageSize": MAX_MESSAGE})

    async def _ready(self, request: Request) -> Response:
        return Response()

    async def _provider(self, request: Request) -> Response:
        """The stand-in is its own OIDC provider: whoever has the secret gets the API key as a token."""
        return JSONResponse(
            {"href": f"{request.base_url}oidc", "clientId": "answerloop", "scopes": ["openid"]}
        )

    async def _endpoints(self, request: Request) -> Response:
        return JSONResponse({"token_endpoint": f"{request.base_url}oidc/token"})

    async def _token(self, request: Request) -> Response:
        if f"client_secret={self.api_key}" not in (await request.body()).decode():
            return JSONResponse({"error": "invalid_client"}, 401)
        if lives := self.faults.get("expires_s", 0):
            token = f"token-{time.time() + lives}"
            return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": lives})
        return JSONResponse({"access_token": self.api_key, "token_type": "Bearer", "expires_in": 300})

    def _lets_in(self, header: str) -> bool:
        if not self.api_key or header == f"Bearer {self.api_key}":
            return True
        start, _, until = header.partition("Bearer token-")
        return not start and bool(until) and float(until) > time.time()

    async def _create(self, request: Request) -> Response:
        config = await request.json()
        if config["class"] in self.collections:
            raise Refused(f"class name {config['class']} already exists")
        self.collections[config["class"]] = Collection.made(config)
        self._kept("c", json.dumps(config).encode())
        return JSONResponse(config)

    async def _schema(self, request: Request) -> Response:
        collection = self.collections.get(request.path_params["name"])
        return JSONResponse(collection.config) if collection else Response(status_code=404)

    async def _add_tenants(self, request: Request) -> Response:
        said = [request.path_params["name"], [tenant["name"] for tenant in await request.json()]]
        self._tenants(*said)
        self._kept("t", json.dumps(said).encode())
        return JSONResponse([])

    async def _tenant(self, request: Request) -> Response:
        there = request.path_params["tenant"] in self._collection(request.path_params["name"]).shards
        return JSONResponse({"name": request.path_params["tenant"]}) if there else Response(status_code=404)

    async def _insert(self, request: Request) -> Response:
        body = await request.json()
        one = batch_pb2.BatchObject(uuid=body["id"], collection=body["class"], tenant=body.get("tenant", ""))
        one.properties.non_ref_properties.update(body["properties"])
        if str(uuid.UUID(one.uuid)) in self._collection(one.collection).shard(one.tenant).objects:
            raise Refused(f"id '{one.uuid}' already exists")
        self._put(one)
        self._kept("o", one.SerializeToString())
        return JSONResponse(body)

    async def _nodes(self, request: Request) -> Response:
        name = request.path_params["name"]
        shards = [
            {
                "class": name,
                "name": tenant,
                "objectCount": len(shard.objects),
                "vectorIndexingStatus": "READY",
                "vectorQueueLength": 0,
                "compressed": False,
                "loaded": True,
            }
            for tenant, shard in self._collection(name).shards.items()
        ]
        stats = {"objectCount": sum(s["objectCount"] for s in shards), "shardCount": len(shards)}
        node = {"name": "stand-in", "status": "HEALTHY", "version": VERSION, "gitHash": "", "stats": stats}
        return JSONResponse({"nodes": [node | {"shards": shards}]})

    async def _set_faults(self, request: Request) -> Response:
        self.faults = await request.json()
        return Response()


def matches(shard: Shard, where: Any) -> set[str]:
    """The ids that a filter finds."""
    op = where.operator
    if op in (_OPERATORS.OPERATOR_AND, _OPERATORS.OPERATOR_OR):
        found = [matches(shard, one) for one in where.filters]
        return set.intersection(*found) if op == _OPERATORS.OPERATOR_AND else set.union(*found)
    name = where.target.property
    kind = where.WhichOneof("test_value")
    value = getattr(where, kind)
    if name == "_id":
        wanted = list(value.values) if kind == "value_text_array" else [value]
        return {str(uuid.UUID(one)) for one in wanted} & set(shard.objects)
    if op == _OPERATORS.OPERATOR_EQUAL:
        return shard.equal(name, value)
    if op == _OPERATORS.OPERATOR_NOT_EQUAL:
        return set(shard.objects) - shard.equal(name, value)
    if op == _OPERATORS.OPERATOR_LESS_THAN:
        return shard.with_value(name, lambda stored: stored < value)
    if op == _OPERATORS.OPERATOR_CONTAINS_ANY:
        return set().union(*(shard.equal(name, one) for one in value.values))
    raise Refused(f"the stand-in does not know this operator: {op}")


async def serve(http_port: int, grpc_port: int, journal: Path | None, api_key: str) -> None:
    server = Server(journal, api_key)
    size = [("grpc.max_send_message_length", MAX_MESSAGE), ("grpc.max_receive_message_length", MAX_MESSAGE)]
    wire = grpc.aio.server(options=[*size, ("grpc.so_reuseport", 0)])
    weaviate_pb2_grpc.add_WeaviateServicer_to_server(server, wire)
    wire.add_insecure_port(f"127.0.0.1:{grpc_port}")
    await wire.start()
    config = uvicorn.Config(
        Starlette(routes=server.routes()), port=http_port, log_level="error", access_log=False
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    given = [*sys.argv[1:], "", ""]
    asyncio.run(serve(int(given[0]), int(given[1]), Path(given[2]) if given[2] else None, given[3]))
