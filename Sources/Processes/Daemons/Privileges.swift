import CLinux
package import Glibc

/// The numeric user and group ids that a process is to run as. Looked up before chroot, which hides the
/// system's databases.
package struct Privileges: Sendable, Equatable {
    /// `nil` keeps the current user.
    let user: uid_t?
    /// The main group.
    package let group: gid_t
    /// All groups, the main one included.
    let groups: [gid_t]

    /// Looks up names or numbers.
    ///
    /// - Parameters:
    ///   - user: Also selects the user's main and supplementary groups.
    ///   - group: Replaces the user's main group.
    /// - Returns: `nil` if neither is given.
    /// - Throws: `cannot find user nobdy: there is no such user`.
    ///
    /// The corresponding C functions are `getpwnam_r`, `getpwuid_r`, `getgrnam_r` and `getgrouplist`.
    package init?(user: String?, group: String?) throws(SystemError) {
        let named = group == nil ? nil : try Self.findGroup(group!)
        guard let user else {
            guard let named else { return nil }
            (self.user, self.group, groups) = (nil, named, [named])
            return
        }
        let found = try Self.findUser(user)
        guard let main = named ?? found.group else {
            let reason = "the user has no entry in the user database; name a group too"
            throw SystemError(EINVAL, "find the group of user", path: user, reason: reason)
        }
        (self.user, self.group) = (found.id, main)
        groups = found.name.map { Self.groups(of: $0, and: main) } ?? [main]
    }

    /// The user and the main group.
    package var numbers: (user: UInt32?, group: UInt32) { (user, group) }

    /// Changes to this user and these groups permanently. Does nothing if they are already in force.
    ///
    /// - Throws: EPERM if the process lacks the permission, or could regain its old privileges.
    ///
    /// The corresponding C functions are `setgroups`, `setresgid` and `setresuid`: in this order, because
    /// each needs the privileges that the last one gives up.
    package func drop() throws(SystemError) {
        if isInForce { return }
        let operation = "become user \(user ?? geteuid()), group \(group)"
        try Syscall.check(operation) { setgroups(groups.count, groups) }
        try Syscall.check(operation) { setresgid(group, group, group) }
        if let user { try Syscall.check(operation) { setresuid(user, user, user) } }
        // Verify the change: with retained capabilities, the old privileges could be regained.
        let regained = user != nil && user != 0 && (seteuid(0) == 0 || group != 0 && setegid(0) == 0)
        guard isInForce, !regained else {
            throw SystemError(EPERM, operation, reason: "the old privileges could be regained")
        }
    }

    /// The corresponding C functions are `getresuid` and `getresgid`.
    private var isInForce: Bool {
        var users: (uid_t, uid_t, uid_t) = (0, 0, 0)
        var groups: (gid_t, gid_t, gid_t) = (0, 0, 0)
        getresuid(&users.0, &users.1, &users.2)
        getresgid(&groups.0, &groups.1, &groups.2)
        return groups == (group, group, group) && (user == nil || users == (user!, user!, user!))
    }

    private static func findUser(_ text: String) throws(SystemError) -> (id: uid_t, group: gid_t?, name: String?) {
        let byName = try find(passwd()) { getpwnam_r(text, $0, $1, $2, $3) } taking: { ($0.pw_uid, $0.pw_gid) }
        if let byName { return (byName.0, byName.1, text) }
        guard let id = uid_t(text), id != uid_t.max else {
            throw SystemError(ENOENT, "find user", path: text, reason: "there is no such user")
        }
        let byNumber = try find(passwd()) { getpwuid_r(id, $0, $1, $2, $3) } taking: {
            ($0.pw_gid, String(cString: $0.pw_name))
        }
        return (id, byNumber?.0, byNumber?.1)
    }

    private static func findGroup(_ text: String) throws(SystemError) -> gid_t {
        let byName = try find(Glibc.group()) { getgrnam_r(text, $0, $1, $2, $3) } taking: { $0.gr_gid }
        if let byName { return byName }
        guard let id = gid_t(text), id != gid_t.max else {
            throw SystemError(ENOENT, "find group", path: text, reason: "there is no such group")
        }
        return id
    }

    /// Calls a function of the `get..._r` family with a sufficiently large buffer.
    private static func find<Entry, Found>(
        _ blank: Entry,
        with call: (
            UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
        ) -> Int32,
        taking take: (Entry) -> Found
    ) throws(SystemError) -> Found? {
        var entry = blank
        var size = 1024
        while true {
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { buffer.deallocate() }
            var result: UnsafeMutablePointer<Entry>?
            let code = call(&entry, buffer, size, &result)
            if code == 0 { return result.map { take($0.pointee) } }
            if code != ERANGE && code != EINTR { throw SystemError(code, "read the list of users") }
            if code == ERANGE { size *= 2 }
        }
    }

    private static func groups(of name: String, and main: gid_t) -> [gid_t] {
        var count: Int32 = 64
        while true {
            let groups = [gid_t](unsafeUninitializedCapacity: Int(count)) { buffer, filled in
                // If the buffer is too small, the call returns -1 and sets `count` to the required size.
                filled = getgrouplist(name, main, buffer.baseAddress!, &count) < 0 ? 0 : Int(count)
            }
            if !groups.isEmpty { return groups }
        }
    }
}
