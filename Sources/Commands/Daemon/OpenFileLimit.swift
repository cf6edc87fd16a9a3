import Glibc

/// How many files and connections this process may have open.
enum OpenFileLimit {
    /// Allows as many open files as there may be connections, if the system lets us.
    ///
    /// The corresponding C function is `setrlimit`.
    static func raise(to count: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
