import CeleryCore
import Client
import Glibc
import Processes

extension WorkerIdentity {
    /// A new identity for this process.
    ///
    /// - Parameter pattern: The name, where `%h` stands for the host name; `@` and the host name are added if there is no `@`.
    static func here(named pattern: String) -> WorkerIdentity {
        var name = pattern.replacing(text: "%h", with: HostName.current)
        if !name.contains("@") { name += "@\(HostName.current)" }
        let id = (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 16) }.joined()
        return WorkerIdentity(id: id, name: name, pid: Int(getpid()), process: ProcessIdentity.current?.description ?? "")
    }
}
