import CLinux
import Glibc

extension Spawn {
    /// Starts the program with limits that posix_spawn cannot set.
    ///
    /// The corresponding C function is `celery_spawn_confined` of our own.
    func startConfined(
        _ confinement: Confinement, _ argv: borrowing CStringBlock, _ envp: borrowing CStringBlock
    ) throws(SystemError) -> ProcessID {
        let null = OwnedDescriptor(owning: try Syscall.check("open", path: "/dev/null") { open("/dev/null", O_RDWR | O_CLOEXEC) })
        var wanted: [DescriptorMoves.Move] = []
        for (target, stream) in zip(Int32(0)..., [standardInput, standardOutput, standardError]) {
            switch stream {
            case .inherit: break
            case .null: wanted.append((null.number, target))
            case .descriptor(let descriptor): wanted.append((descriptor.number, target))
            }
        }
        for (target, descriptor) in inherited { wanted.append((descriptor.number, target)) }
        let moves = DescriptorMoves(wanted).ordered
        let (from, to) = (moves.map(\.from), moves.map(\.to))
        let group = try confinement.group.map { (group) throws(SystemError) in try group.openProcesses() }

        var request = celery_confined()
        request.arguments = UnsafePointer(argv.pointers)
        request.environment = UnsafePointer(envp.pointers)
        request.moves = Int32(moves.count)
        request.close_from = wanted.reduce(2) { max($0, $1.to) } + 1
        request.placement =
            switch placement {
            case .sameGroup: 0
            case .newGroup: 1
            case .newSession: 2
            }
        request.group = group?.number ?? -1
        request.data_limit = UInt(max(0, confinement.dataLimit ?? 0))
        // `self`, `null` and `group` hold the descriptors that the request names by number.
        let pid = withExtendedLifetime((self, null, group)) {
            executable.withCString { executable in
                Self.withOptionalCString(workingDirectory) { folder in
                    from.withUnsafeBufferPointer { from in
                        to.withUnsafeBufferPointer { to in
                            request.executable = executable
                            request.folder = folder
                            request.from = from.baseAddress
                            request.to = to.baseAddress
                            return celery_spawn_confined(&request)
                        }
                    }
                }
            }
        }
        if pid < 0 { throw SpawnDiagnosis(self).error(for: -pid) }
        return pid
    }

    private static func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let text else { return body(nil) }
        return text.withCString { body($0) }
    }
}
