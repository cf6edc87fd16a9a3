import CeleryCore
import HTTP
import Processes
import WebServer

/// Whether `celery web` could start, and answers if it runs.
struct WebCheck: LocalCheck {
    let name = "web"

    func findings(_ patient: Patient) -> [Finding] {
        let web = patient.settings.web
        var found: [Finding] = []
        if let path = web.credentials {
            do throws(WebError) {
                let credentials = try WebCredentials(file: path)
                if !web.submissions.isEmpty, !credentials.hasSubmitters { found.append(nobodySubmits) }
            } catch {
                found.append(Finding(name, error))
            }
        } else {
            if !web.submissions.isEmpty { found.append(nobodySubmits) }
            if !web.address.isLocal {
                found.append(
                    finding(.error, "CELERY_WEB_BIND is \(web.address), which other machines can reach, and there are no credentials",
                        hint: "name a file of users in CELERY_WEB_AUTH"))
            }
        }
        guard let state = try? PIDFile.state(at: web.pidFile), case .live = state else { return found }
        guard HTTPClient.isAvailable, let client = try? HTTPClient() else {
            return found + [finding(.unknown, "a server runs, and cannot be asked without libcurl", hint: "install the package libcurl4")]
        }
        return found + [ask(web, client)]
    }

    private var nobodySubmits: Finding {
        finding(.error, "CELERY_WEB_APPLY lists tasks, and there is no token that may submit them",
            hint: "add a line @NAME:SHA256:apply=PATTERN to the file that CELERY_WEB_AUTH names")
    }

    private func ask(_ web: WebSettings, _ client: HTTPClient) -> Finding {
        let scheme = web.certificate == nil ? "http" : "https"
        var request: HTTPRequest
        switch web.address {
        // The server may have been told another address, or have taken a free port.
        case .network(_, 0): return finding(.unknown, "a server runs on a port that it has chosen itself")
        case .network(let host, let port):
            let any = ["0.0.0.0": "127.0.0.1", "::": "::1"]
            let name = any[host] ?? host
            request = HTTPRequest("GET", "\(scheme)://\(name.utf8.contains(UInt8(ascii: ":")) ? "[\(name)]" : name):\(port)/healthcheck")
        case .file(let path):
            request = HTTPRequest("GET", "\(scheme)://localhost/healthcheck")
            request.unixSocket = path
        }
        request.ignoresProxies = true
        request.timeout = .seconds(2)
        request.bodyLimit = 1 << 16
        do throws(HTTPError) {
            let answer = try client.perform(request)
            if answer.isSuccess { return finding(.ok, "the server at \(web.address) answers") }
            return finding(.warning, "the server at \(web.address) answers \(answer.status) to /healthcheck", hint: "see \(web.logFile)")
        } catch {
            // Its certificate names a host that is not asked here.
            if error.code == .untrusted { return finding(.ok, "the server at \(web.address) answers with TLS") }
            return finding(.warning, "a server runs, and \(web.address) does not answer: \(error)", hint: "see \(web.logFile); it may have been started with another --bind")
        }
    }
}
