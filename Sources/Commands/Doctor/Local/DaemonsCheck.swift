import CeleryCore
import Processes

/// Which daemons the pidfiles name, and whether they run.
struct DaemonsCheck: LocalCheck {
    let name = "daemons"

    func findings(_ patient: Patient) -> [Finding] {
        let settings = patient.settings
        return [("worker", settings.pidFile), ("beat", settings.beatPIDFile), ("web server", settings.web.pidFile)].compactMap { noun, path in
            guard FileFacts(path) != nil else { return nil }
            do throws(SystemError) {
                switch try PIDFile.state(at: path) {
                case .free: return nil
                case .live(let pid): return finding(.ok, "the \(noun) of \(path) runs as process \(pid)")
                case .stale(let pid):
                    return finding(
                        .warning, "the \(noun) of \(path) (process \(pid)) has ended without removing its pidfile: it was killed or has crashed",
                        hint: "start it again, and see the end of its log")
                }
            } catch {
                return Finding(name, error)
            }
        }
    }
}
