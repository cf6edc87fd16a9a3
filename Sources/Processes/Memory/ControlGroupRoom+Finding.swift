import CLinux
import Glibc

extension ControlGroupRoom {
    /// Finds and prepares a folder where groups can be made; `nil` if there is none.
    ///
    /// Suitable are the group of this process and its parent group, if systemd has delegated it (`Delegate=yes`; it
    /// marks the folder, since version 251 for every user), or if there is no systemd and the folder is
    /// writable. A group whose subgroups limit memory must not contain processes itself: its processes,
    /// including this one, are moved to a subgroup `celery-worker`.
    ///
    /// - Parameter place: the position in the tree of control groups; tests substitute their own.
    package static func prepare(_ place: ControlGroupPlace = ControlGroupPlace()) -> ControlGroupRoom? {
        for candidate in place.candidates where place.isOurs(candidate.path) {
            if enableMemory(candidate) { return ControlGroupRoom(path: candidate.path) }
        }
        return nil
    }

    private static func enableMemory(_ candidate: ControlGroupPlace.Candidate) -> Bool {
        let path = candidate.path
        func has(_ file: String) -> Bool {
            ProcFile.text("\(path)/\(file)")?.split(separator: " ").contains("memory") ?? false
        }
        guard has("cgroup.controllers") else { return false }
        if has("cgroup.subtree_control") { return true }
        func enable() -> Bool { (try? ControlFile.write("+memory", to: "\(path)/cgroup.subtree_control")) != nil }
        if enable() { return true }
        // The group of this process itself.
        guard candidate.isOwn else { return false }
        let workers = "\(path)/celery-worker"
        guard mkdir(workers, 0o755) == 0 || errno == EEXIST else { return false }
        for process in ProcFile.text("\(path)/cgroup.procs")?.split(separator: "\n") ?? [] {
            // A process that has ended meanwhile need not be moved.
            try? ControlFile.write(String(process), to: "\(workers)/cgroup.procs")
        }
        return enable()
    }
}

/// The position of this process in the tree of control groups.
package struct ControlGroupPlace: Sendable {
    struct Candidate: Equatable {
        let path: String
        /// Whether this process is in the group.
        let isOwn: Bool
    }

    /// The group in `/proc/self/cgroup`, relative to the root of the tree; `nil` without cgroups v2.
    private let group: String?
    /// Root and mount point of the tree in `/proc/self/mountinfo`.
    private let mount: (root: String, point: String)?
    private let hasSystemd: Bool

    /// Reads the position of this process.
    package init() {
        self.init(
            groups: ProcFile.text("/proc/self/cgroup") ?? "", mounts: ProcFile.text("/proc/self/mountinfo") ?? "",
            hasSystemd: access("/run/systemd/system", F_OK) == 0)
    }

    /// - Parameters:
    ///   - groups: text of `/proc/self/cgroup`.
    ///   - mounts: text of `/proc/self/mountinfo`; see proc_pid_mountinfo(5).
    package init(groups: String, mounts: String, hasSystemd: Bool) {
        group = groups.split(separator: "\n").first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
        mount = mounts.split(separator: "\n").lazy.compactMap { line -> (root: String, point: String)? in
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, fields[dash + 1] == "cgroup2", dash > 4 else { return nil }
            return (String(fields[3]), String(fields[4]))
        }.first
        self.hasSystemd = hasSystemd
    }

    /// The folder of this process's group; `nil` if it is not visible.
    package var own: String? {
        guard let group, let mount, !group.hasPrefix("/..") else { return nil }
        if mount.root == "/" { return mount.point + (group == "/" ? "" : group) }
        guard group == mount.root || group.hasPrefix(mount.root + "/") else { return nil }
        return mount.point + group.dropFirst(mount.root.count)
    }

    var candidates: [Candidate] {
        guard let own, let mount else { return [] }
        var candidates = [Candidate(path: own, isOwn: true)]
        if own != mount.point, let slash = own.lastIndex(of: "/") {
            candidates.append(Candidate(path: String(own[..<slash]), isOwn: false))
        }
        return candidates
    }

    /// Whether a folder is writable and no other program manages it.
    ///
    /// The corresponding C function is `getxattr`; systemd sets `trusted.delegate` and `user.delegate`.
    func isOurs(_ path: String) -> Bool {
        guard access(path, W_OK) == 0, access("\(path)/cgroup.procs", W_OK) == 0 else { return false }
        if !hasSystemd { return true }
        return ["user.delegate", "trusted.delegate"].contains { name in
            var value = [UInt8](repeating: 0, count: 8)
            return getxattr(path, name, &value, value.count) == 1 && value[0] == UInt8(ascii: "1")
        }
    }
}
