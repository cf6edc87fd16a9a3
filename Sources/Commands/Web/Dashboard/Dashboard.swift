import CeleryCore
import Client
import Logging
import WebServer

/// What all pages share: where they read, who looks at them, and how they and their actions are answered.
///
/// A page is made from values that were read before, and contains parts (`Parts`) that are HTML by type: see `HTML`. It works without
/// JavaScript. Where there is some, it looks again at the page whenever something has changed (`Live`). An action is a form that
/// shows the command that does the same; it is answered by a redirect to a page that tells the outcome.
struct Dashboard: Sendable {
    let client: Client
    let context: CommandContext
    let failures: WebFailures
    let logger: Logger
    /// Makes the tokens of forms.
    let origins: OriginCheck
    let notices = Notices()

    var settings: Settings { client.settings }

    /// A page. What it throws becomes a refusal.
    func page(_ call: WebCall, _ make: @escaping @Sendable (Viewer) async throws -> Page) -> WebServer.Reply {
        let viewer = viewer(call)
        let notice = call.parameters["done"].flatMap(notices.take)
        return failures.answer {
            let page: Page
            do {
                page = try await make(viewer)
            } catch let error as DriverError where error.code == .unsupported {
                page = Page(
                    title: "Not possible here", area: call.request.target.path.first.flatMap(Page.Area.init) ?? .overview,
                    body: "\(Shown.missing(error.message))\(error.hint.map { "<p>\($0)</p>" as HTML })", status: 501)
            }
            return .html(Frame(dashboard: self, viewer: viewer).html(page, notice), status: page.status)
        }
    }

    /// An action. Logged with who asked for it and from where.
    ///
    /// - Parameters:
    ///   - what: For the log: `purges queue images`.
    ///   - back: The page that tells the outcome.
    func act(
        _ call: WebCall, _ what: String, back: PagePath, _ work: @escaping @Sendable () async throws -> Notice
    ) -> WebServer.Reply {
        failures.answer {
            logger.info("\(call.identity.name) from \(call.request.peer): \(what)")
            let notice: Notice
            do {
                notice = try await work()
            } catch let error as CommandError {
                throw WebRefusal(400, error.message)
            }
            return WebResponse(303, headers: [WebField("Location", back.with("done", notices.keep(notice)).text)])
        }
    }

    private func viewer(_ call: WebCall) -> Viewer {
        Viewer(
            mayAct: call.identity.rights.contains(.act) && !settings.web.isReadOnly, isReadOnly: settings.web.isReadOnly,
            token: origins.token(for: call.identity))
    }

    /// Asks for something that not every broker or store tells, and that a page can do without.
    ///
    /// - Parameters:
    ///   - what: `count queues`.
    ///   - power: `nil` where it cannot be told.
    func ask<Power: Sendable, Value: Sendable>(
        _ what: String, _ power: Power?, _ body: (Power) async throws -> Value
    ) async -> Told<Value> {
        guard let power else { return .not("\(client.broker.location) cannot \(what)") }
        do {
            return .told(try await body(power))
        } catch {
            return .not("Cannot \(what): \(ServiceURL.redact(within: Report.describe(error).message).forLog)")
        }
    }

    /// A task as it may be shown: without return values and errors where the settings hide them.
    func shown(_ task: ListedTask) -> ListedTask {
        guard settings.web.hidesResults else { return task }
        var task = task
        task.result = task.result.map(shown)
        return task
    }

    func shown(_ result: TaskResult) -> TaskResult {
        guard settings.web.hidesResults else { return result }
        var result = result
        (result.value, result.failure, result.traceback) = (.null, nil, nil)
        (result.errorOutput, result.standardOutput, result.meta) = (nil, nil, [:])
        return result
    }
}

/// Something that is known, or why it is not.
enum Told<Value: Sendable>: Sendable {
    case told(Value)
    case not(String)

    var value: Value? { if case .told(let value) = self { value } else { nil } }
}
