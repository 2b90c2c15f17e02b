// SPDX-License-Identifier: Apache-2.0

// What a user would write by hand: sends COUNT messages of SIZE bytes to TOPIC with an idempotent producer, counts their
// delivery reports, and prints how many nanoseconds that took.
// Usage: produce-loop BROKERS TOPIC COUNT SIZE LINGER_MS

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long delivered, failed;

static void report(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque) {
    (void)handle, (void)opaque;
    if (message->err) failed++; else delivered++;
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **words) {
    if (count != 6) return 2;
    char reason[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *settings[][2] = {
        {"bootstrap.servers", words[1]}, {"enable.idempotence", "true"}, {"linger.ms", words[5]}, {"log_level", "0"}};
    for (size_t index = 0; index < sizeof(settings) / sizeof(*settings); index++)
        if (rd_kafka_conf_set(conf, settings[index][0], settings[index][1], reason, sizeof(reason))) return 2;
    rd_kafka_conf_set_dr_msg_cb(conf, report);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    if (!handle) return 2;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(handle, words[2], NULL);
    long messages = atol(words[3]), size = atol(words[4]);
    char *value = malloc(size);
    memset(value, 'x', size);
    long long begin = now();
    for (long index = 0; index < messages; index++) {
        while (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value, size, NULL, 0, NULL) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) return 3;
            rd_kafka_poll(handle, 10);
        }
        if (index % 256 == 0) rd_kafka_poll(handle, 0);
    }
    rd_kafka_flush(handle, 600000);
    long long end = now();
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(handle);
    if (delivered != messages || failed) return 4;
    printf("%lld\n", end - begin);
    return 0;
}
