import CeleryCore
import Logging
import WebServer

/// Turns errors into answers. What exactly is wrong is for the log: it may name hosts and files.
struct WebFailures: Sendable {
    let logger: Logger

    /// The answer of some work, or to its error.
    func answer(_ work: @escaping @Sendable () async throws -> WebResponse) -> WebServer.Reply {
        .later {
            do {
                return try await work()
            } catch let refusal as WebRefusal {
                return WebResponse(refusal)
            } catch {
                return response(to: error)
            }
        }
    }

    func response(to error: any Error) -> WebResponse {
        if error is CancellationError { return WebResponse(WebRefusal(503, "the server is stopping")) }
        let message = ServiceURL.redact(within: Report.describe(error).message)
        guard let error = error as? DriverError else {
            logger.error("Cannot answer: \(message)")
            return WebResponse(WebRefusal(500, "there was an error, which the log of the server explains"))
        }
        logger.warning("Cannot answer: \(message)")
        switch error.code {
        case .unreachable:
            return WebResponse(WebRefusal(503, "the broker or the result store cannot be reached", headers: [WebField("Retry-After", "5")]))
        case .tryAgain:
            return WebResponse(WebRefusal(503, "the broker or the result store is busy, or took too long", headers: [WebField("Retry-After", "5")]))
        case .unsupported: return WebResponse(WebRefusal(501, "the broker or the result store cannot do this"))
        case .refused, .alreadyThere: return WebResponse(WebRefusal(409, "the broker has refused this"))
        default: return WebResponse(WebRefusal(500, "there was an error, which the log of the server explains"))
        }
    }
}
