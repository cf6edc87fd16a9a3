import CeleryCore
import Client
import Glibc
import Processes

extension WorkerIdentity {
    /// This process, made anew at every start.
    ///
    /// - Parameter pattern: its name, where `%h` stands for the machine's, which is added where no `@` is.
    static func here(named pattern: String) -> WorkerIdentity {
        var name = pattern.replacing(text: "%h", with: HostName.current)
        if !name.contains("@") { name += "@\(HostName.current)" }
        let id = (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 16) }.joined()
        return WorkerIdentity(id: id, name: name, pid: Int(getpid()), process: ProcessIdentity.current?.description ?? "")
    }
}
