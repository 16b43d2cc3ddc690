/*
 * The first process of an initramfs (rdinit=/memory) that starts /init and a witness. The witness writes the name of each program that
 * ends, and the greatest memory that it had (resident, in kB), to the kernel's log: "memory: NAME KB". The kernel tells it, and
 * counts each program by itself, not together with the shell or the systemd that it was forked from.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct message {
    struct nlmsghdr header;
    struct genlmsghdr generic;
    char attributes[4096];
};

/* Sends a command with one text as its attribute. */
static int ask(int link, int family, int command, int type, const char *text)
{
    struct message message = { 0 };
    struct nlattr *attribute = (void *)message.attributes;

    attribute->nla_type = type;
    attribute->nla_len = NLA_HDRLEN + strlen(text) + 1;
    strcpy(message.attributes + NLA_HDRLEN, text);
    message.header.nlmsg_type = family;
    message.header.nlmsg_flags = NLM_F_REQUEST;
    message.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(attribute->nla_len);
    message.generic.cmd = command;
    message.generic.version = 1;
    return send(link, &message, message.header.nlmsg_len, 0);
}

/* The attribute of a type among these, or NULL. */
static struct nlattr *find(void *attributes, int bytes, int type)
{
    for (char *at = attributes, *end = at + bytes; at + NLA_HDRLEN <= end;) {
        struct nlattr *attribute = (void *)at;

        if (attribute->nla_len < NLA_HDRLEN || at + attribute->nla_len > end)
            break;
        if (attribute->nla_type == type)
            return attribute;
        at += NLA_ALIGN(attribute->nla_len);
    }
    return NULL;
}

static void *content(struct nlattr *attribute)
{
    return (char *)attribute + NLA_HDRLEN;
}

static int next(int link, struct message *message)
{
    int bytes = recv(link, message, sizeof(*message), 0);

    return bytes < (int)NLMSG_LENGTH(GENL_HDRLEN) ? 0 : bytes - (int)NLMSG_LENGTH(GENL_HDRLEN);
}

static int witness(void)
{
    struct message message;
    struct nlattr *found;
    cpu_set_t cpus;
    char list[32];
    int bytes, family, megabyte = 1 << 20;
    int link = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);

    /* The node is gone with the initramfs, the open file stays. */
    mknod("/kmsg", S_IFCHR | 0600, makedev(1, 11));
    FILE *log = fopen("/kmsg", "w");
    unlink("/kmsg");
    if (!log || link < 0)
        return 1;
    setlinebuf(log);
    setsockopt(link, SOL_SOCKET, SO_RCVBUFFORCE, &megabyte, sizeof(megabyte));
    ask(link, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME);
    bytes = next(link, &message);
    found = find(message.attributes, bytes, CTRL_ATTR_FAMILY_ID);
    if (!found) {
        fprintf(log, "memory: this kernel has no taskstats\n");
        return 1;
    }
    family = *(__u16 *)content(found);
    sched_getaffinity(0, sizeof(cpus), &cpus);
    snprintf(list, sizeof(list), "0-%d", CPU_COUNT(&cpus) - 1);
    ask(link, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, list);
    for (;;) {
        bytes = next(link, &message);
        if (message.header.nlmsg_type != family)
            continue;
        found = find(message.attributes, bytes, TASKSTATS_TYPE_AGGR_PID);
        if (found)
            found = find(content(found), found->nla_len - NLA_HDRLEN, TASKSTATS_TYPE_STATS);
        if (found) {
            struct taskstats stats;

            memcpy(&stats, content(found), sizeof(stats));
            /* Kernel threads have no memory of their own. */
            if (stats.hiwater_rss)
                fprintf(log, "memory: %s %llu\n", stats.ac_comm, (unsigned long long)stats.hiwater_rss);
        }
    }
}

int main(int count, char **words)
{
    if (!fork()) {
        /* systemd ends all processes with the initramfs, but for those whose name begins so. */
        words[0][0] = '@';
        return witness();
    }
    words[0] = "/init";
    return execv(words[0], words) || count;
}
