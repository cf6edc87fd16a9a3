import CeleryCore
import Glibc
import HTTP

/// The version of this program, and the libraries that the settings need.
struct LibrariesCheck: LocalCheck {
    let name = "versions"

    func findings(_ patient: Patient) -> [Finding] {
        let settings = patient.settings
        var system = utsname()
        uname(&system)
        let kernel = withUnsafeBytes(of: system.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        var found = [finding(.ok, "celery \(Version.text), Linux \(kernel)")]
        let needsHTTP = !settings.httpTasks.isEmpty || !settings.httpHosts.isEmpty
        if needsHTTP, !HTTPClient.isAvailable {
            found.append(finding(.error, "libcurl is not installed, and HTTP tasks need it", hint: "install the package libcurl4"))
        }
        return found
    }
}
