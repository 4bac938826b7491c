"""The topics of a Kafka cluster, read by librdkafka from their first record to their last. No group, nothing committed."""

import ctypes
import time
import uuid
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_void_p

from .errors import CannotLook
from .record import Record

CONSUMER = 1
BEGINNING = -2
PARTITION_EOF = -191
FATAL = (-195, -187)  # transport, all brokers down: passing, but what counts when nothing else comes
PATIENCE = 30         # seconds without any record


class Message(Structure):
    _fields_ = [("error", c_int), ("topic", c_void_p), ("partition", c_int32), ("payload", c_void_p), ("size", c_size_t),
                ("key", c_void_p), ("key_size", c_size_t), ("offset", c_int64), ("private", c_void_p)]


class MetadataPartition(Structure):
    _fields_ = [("id", c_int32), ("error", c_int), ("leader", c_int32), ("replica_count", c_int), ("replicas", c_void_p),
                ("isr_count", c_int), ("isrs", c_void_p)]


class MetadataTopic(Structure):
    _fields_ = [("name", c_char_p), ("partition_count", c_int), ("partitions", POINTER(MetadataPartition)), ("error", c_int)]


class Metadata(Structure):
    _fields_ = [("broker_count", c_int), ("brokers", c_void_p), ("topic_count", c_int), ("topics", POINTER(MetadataTopic))]


FUNCTIONS = {
    "rd_kafka_conf_new": (c_void_p,),
    "rd_kafka_conf_set": (c_int, c_void_p, c_char_p, c_char_p, c_char_p, c_size_t),
    "rd_kafka_new": (c_void_p, c_int, c_void_p, c_char_p, c_size_t),
    "rd_kafka_destroy": (None, c_void_p),
    "rd_kafka_err2str": (c_char_p, c_int),
    "rd_kafka_metadata": (c_int, c_void_p, c_int, c_void_p, POINTER(POINTER(Metadata)), c_int),
    "rd_kafka_metadata_destroy": (None, POINTER(Metadata)),
    "rd_kafka_topic_partition_list_new": (c_void_p, c_int),
    "rd_kafka_topic_partition_list_add": (c_void_p, c_void_p, c_char_p, c_int32),
    "rd_kafka_topic_partition_list_set_offset": (c_int, c_void_p, c_char_p, c_int32, c_int64),
    "rd_kafka_topic_partition_list_destroy": (None, c_void_p),
    "rd_kafka_assign": (c_int, c_void_p, c_void_p),
    "rd_kafka_poll_set_consumer": (c_int, c_void_p),
    "rd_kafka_consumer_poll": (POINTER(Message), c_void_p, c_int),
    "rd_kafka_consumer_close": (c_int, c_void_p),
    "rd_kafka_topic_name": (c_char_p, c_void_p),
    "rd_kafka_message_headers": (c_int, POINTER(Message), POINTER(c_void_p)),
    "rd_kafka_header_get_all": (c_int, c_void_p, c_size_t, POINTER(c_char_p), POINTER(c_void_p), POINTER(c_size_t)),
    "rd_kafka_message_destroy": (None, POINTER(Message)),
}


def library():
    try:
        kafka = ctypes.CDLL("librdkafka.so.1")
    except OSError as error:
        raise CannotLook("librdkafka is not installed; run: apt-get install librdkafka1") from error
    for name, (result, *arguments) in FUNCTIONS.items():
        function = getattr(kafka, name)
        function.restype, function.argtypes = result, arguments
    return kafka


class Kafka:
    """Topics whose names begin with the prefix, which is taken off."""

    def __init__(self, brokers: str, prefix: str):
        self.brokers, self.prefix = brokers, f"{prefix}." if prefix else ""

    def read(self) -> tuple:
        """All records, and the topics whose first records have been dropped since."""
        kafka = library()
        client = self._client(kafka)
        try:
            partitions = self._partitions(kafka, client)
            records = self._consume(kafka, client, partitions) if partitions else []
            kafka.rd_kafka_consumer_close(client)
        finally:
            kafka.rd_kafka_destroy(client)
        first = {}
        for record in records:
            first.setdefault((record.topic, record.partition), record.offset)
        return records, {topic for (topic, _), offset in first.items() if offset > 0}

    def _client(self, kafka):
        why = ctypes.create_string_buffer(512)
        settings = kafka.rd_kafka_conf_new()
        for name, value in {"bootstrap.servers": self.brokers, "group.id": f"stoa-audit-{uuid.uuid4()}", "enable.auto.commit": "false",
                            "enable.partition.eof": "true", "auto.offset.reset": "earliest", "fetch.wait.max.ms": "20",
                            "log_level": "2"}.items():
            if kafka.rd_kafka_conf_set(settings, name.encode(), value.encode(), why, len(why)):
                raise CannotLook(f"Kafka: {why.value.decode()}")
        client = kafka.rd_kafka_new(CONSUMER, settings, why, len(why))
        if not client:
            raise CannotLook(f"Kafka: {why.value.decode()}")
        kafka.rd_kafka_poll_set_consumer(client)
        return client

    def _partitions(self, kafka, client) -> list:
        found = POINTER(Metadata)()
        error = kafka.rd_kafka_metadata(client, 1, None, byref(found), 15000)
        if error:
            raise CannotLook(f"Kafka at {self.brokers}: {kafka.rd_kafka_err2str(error).decode()}; is it running?")
        try:
            topics = [found.contents.topics[number] for number in range(found.contents.topic_count)]
            return [(topic.name, topic.partitions[number].id) for topic in topics if topic.name.decode().startswith(self.prefix)
                    and not topic.name.startswith(b"__") for number in range(topic.partition_count)]
        finally:
            kafka.rd_kafka_metadata_destroy(found)

    def _consume(self, kafka, client, partitions) -> list:
        wanted = kafka.rd_kafka_topic_partition_list_new(len(partitions))
        for topic, partition in partitions:
            kafka.rd_kafka_topic_partition_list_add(wanted, topic, partition)
            kafka.rd_kafka_topic_partition_list_set_offset(wanted, topic, partition, BEGINNING)
        kafka.rd_kafka_assign(client, wanted)
        kafka.rd_kafka_topic_partition_list_destroy(wanted)
        records, ended, end = [], set(), time.monotonic() + PATIENCE
        while len(ended) < len(partitions):
            message = kafka.rd_kafka_consumer_poll(client, 1000)
            if not message:
                if time.monotonic() > end:
                    raise CannotLook(f"Kafka at {self.brokers} sends nothing for {PATIENCE} s; is it running?")
                continue
            error = message.contents.error
            if error == 0:
                records.append(self._record(kafka, message))
                end = time.monotonic() + PATIENCE
            elif error == PARTITION_EOF:
                ended.add((kafka.rd_kafka_topic_name(message.contents.topic), message.contents.partition))
            kafka.rd_kafka_message_destroy(message)
            if error not in (0, PARTITION_EOF, *FATAL):
                raise CannotLook(f"Kafka at {self.brokers}: {kafka.rd_kafka_err2str(error).decode()}")
        return records

    def _record(self, kafka, message) -> Record:
        it = message.contents
        topic = kafka.rd_kafka_topic_name(it.topic).decode()[len(self.prefix):]
        return Record(topic, it.partition, it.offset, ctypes.string_at(it.key, it.key_size) if it.key else b"",
                      ctypes.string_at(it.payload, it.size) if it.payload else b"", headers_of(kafka, message))


def headers_of(kafka, message) -> dict:
    headers, found = c_void_p(), {}
    if kafka.rd_kafka_message_headers(message, byref(headers)):
        return found  # it has none
    name, value, size = c_char_p(), c_void_p(), c_size_t()
    while not kafka.rd_kafka_header_get_all(headers, len(found), byref(name), byref(value), byref(size)):
        found[name.value.decode()] = ctypes.string_at(value.value, size.value).decode(errors="replace") if value.value else ""
    return found
