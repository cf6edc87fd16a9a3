#define _GNU_SOURCE
#include "Request.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <linux/netlink.h>
#include <unistd.h>

// The same by proc(5), which reads about every socket there is: for a kernel without sock_diag(7).
static int find_user_in_table(int family, const void *near, unsigned near_port, const void *far, unsigned far_port, unsigned *user) {
    // Addresses are printed as words of the machine, ports as numbers.
    char wanted[2 * (4 * 8 + 6) + 1], *end = wanted;
    const void *const addresses[] = {near, far};
    const unsigned ports[] = {near_port, far_port};
    for (int i = 0; i < 2; i++) {
        unsigned words[4];
        memcpy(words, addresses[i], family == AF_INET6 ? 16 : 4);
        for (int word = 0; word < (family == AF_INET6 ? 4 : 1); word++) end += sprintf(end, "%08X", words[word]);
        end += sprintf(end, ":%04X%s", ntohs((unsigned short)ports[i]), i == 0 ? " " : "");
    }
    FILE *table = fopen(family == AF_INET6 ? "/proc/net/tcp6" : "/proc/net/tcp", "re");
    if (!table) return 0;
    char line[512];
    int is_found = 0;
    while (!is_found && fgets(line, sizeof line, table)) {
        const char *place = strstr(line, wanted);
        unsigned long inode = 0;
        is_found = place && sscanf(place + strlen(wanted), " %*x %*x:%*x %*x:%*x %*x %u %*u %lu", user, &inode) == 2 && inode != 0;
    }
    fclose(table);
    return is_found;
}

// The user whose socket is at `near` and connected to `far`, both of this machine. Returns 0 if the kernel does not tell, for there
// is no such socket here.
static int find_user(int family, const void *near, unsigned near_port, const void *far, unsigned far_port, unsigned *user) {
    int channel = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (channel < 0) return find_user_in_table(family, near, near_port, far, far_port, user);
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 question;
    } sent = {
        .header = {.nlmsg_len = sizeof sent, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .question = {
            .sdiag_family = (unsigned char)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u,
            .id = {.idiag_sport = (unsigned short)near_port, .idiag_dport = (unsigned short)far_port,
                .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    size_t size = family == AF_INET6 ? 16 : 4;
    memcpy(sent.question.id.idiag_src, near, size);
    memcpy(sent.question.id.idiag_dst, far, size);
    struct timeval patience = {.tv_sec = 1};
    setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int is_found = 0;
    if (sendto(channel, &sent, sizeof sent, 0, (struct sockaddr *)&kernel, sizeof kernel) == sizeof sent) {
        _Alignas(struct nlmsghdr) char buffer[4096];
        ssize_t count = recv(channel, buffer, sizeof buffer, 0);
        const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
        if (count >= (ssize_t)(sizeof *header + sizeof(struct inet_diag_msg)) && header->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
            const struct inet_diag_msg *answer = NLMSG_DATA(header);
            *user = answer->idiag_uid;
            // A socket that is being closed belongs to nobody.
            is_found = answer->idiag_inode != 0;
        }
    }
    close(channel);
    return is_found || find_user_in_table(family, near, near_port, far, far_port, user);
}

static int is_ours(const struct celery_web_peer *peer) {
    static const unsigned char loopback[16] = {[15] = 1}, mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (peer->family == AF_INET) return peer->address[0] == 127;
    if (memcmp(peer->address, mapped, 12) == 0) return peer->address[12] == 127;
    return memcmp(peer->address, loopback, 16) == 0;
}

static void look_up(int descriptor, struct celery_web_peer *peer) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } near, far;
    socklen_t near_size = sizeof near, far_size = sizeof far;
    if (getsockname(descriptor, &near.any, &near_size) != 0) return;
    if (near.any.sa_family == AF_UNIX) {
        struct ucred credentials;
        socklen_t size = sizeof credentials;
        peer->family = AF_UNIX;
        if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
        peer->has_user = 1;
        peer->user = credentials.uid;
        return;
    }
    if (getpeername(descriptor, &far.any, &far_size) != 0) return;
    peer->family = far.any.sa_family;
    if (peer->family == AF_INET) {
        memcpy(peer->address, &far.v4.sin_addr, 4);
        if (is_ours(peer))
            peer->has_user = find_user(AF_INET, &far.v4.sin_addr, far.v4.sin_port, &near.v4.sin_addr, near.v4.sin_port, &peer->user);
    } else if (peer->family == AF_INET6) {
        memcpy(peer->address, &far.v6.sin6_addr, 16);
        if (!is_ours(peer)) return;
        int is_mapped = IN6_IS_ADDR_V4MAPPED(&far.v6.sin6_addr);
        const unsigned char *from = far.v6.sin6_addr.s6_addr + (is_mapped ? 12 : 0);
        const unsigned char *to = near.v6.sin6_addr.s6_addr + (is_mapped ? 12 : 0);
        peer->has_user = find_user(is_mapped ? AF_INET : AF_INET6, from, far.v6.sin6_port, to, near.v6.sin6_port, &peer->user);
    }
}

void celery_web_find_peer(void *handle, struct celery_web_peer *peer) {
    struct request *request = handle;
    memset(peer, 0, sizeof *peer);
    const int *descriptor = celery_mhd.get_connection_info(request->connection, 6 /* MHD_CONNECTION_INFO_CONNECTION_FD */);
    if (!descriptor) return;
    struct known_peer *const *context = celery_mhd.get_connection_info(request->connection, 7 /* MHD_CONNECTION_INFO_SOCKET_CONTEXT */);
    struct known_peer *known = context ? *context : 0;
    if (known && known->is_known) {
        *peer = known->peer;
        return;
    }
    look_up(*descriptor, peer);
    if (!known) return;
    known->peer = *peer;
    known->is_known = 1;
}
