package import CeleryCore
import Glibc

/// Decides whether somebody may do what a request asks for.
package final class WebGuard: Sendable {
    /// What a request needs.
    package enum Demand: Sendable, Hashable {
        /// Nothing: it tells nothing.
        case open
        /// The status of a task whose id is known.
        case status
        case right(WebRight)
        /// A token that may submit some tasks, whoever sends it from wherever.
        case submission

        /// Whether something is changed.
        fileprivate var changes: Bool { self == .right(.act) || self == .submission }

        /// Whether only a token will do, from this machine as well.
        fileprivate var needsToken: Bool { self == .submission }
    }

    /// The decision.
    package enum Decision: Sendable {
        case granted(WebIdentity)
        case refused(WebRefusal)
        /// A password is to be hashed first, or a failure to be answered slowly.
        case later(@Sendable () async -> Result<WebIdentity, WebRefusal>)
    }

    private let settings: WebSettings
    private let credentials: WebCredentials?
    private let passwords: PasswordCheck
    private let publicRate: RequestRate<WebPeer>?
    private let users: Set<UInt32>
    /// Clients whose passwords are being hashed: one after the other, so few.
    private let logins = PeerPlaces(ofOne: 16, ofAll: 64)
    /// Clients that wait for their refusal.
    private let refusals = PeerPlaces(ofOne: 64, ofAll: 1_024)

    package let hosts: HostCheck
    package let origins = OriginCheck()

    /// How long a refused client waits for its answer, so that nobody tries many passwords.
    private let failureDelay: Duration

    /// - Parameter users: Who needs no credentials from this machine: the user we are, and root.
    /// - Throws: `WebError.libraryMissing`.
    package init(
        _ settings: WebSettings, _ credentials: WebCredentials?, users: Set<UInt32> = [0, geteuid()], failureDelay: Duration = .seconds(1)
    ) throws(WebError) {
        self.settings = settings
        self.credentials = credentials
        self.users = users
        self.failureDelay = failureDelay
        passwords = try PasswordCheck(credentials?.users ?? [:])
        publicRate = settings.publicRate > 0 ? RequestRate(settings.publicRate) : nil
        hosts = HostCheck(settings.hosts)
    }

    /// Decides who asks and whether they may. Does not block.
    package func decide(_ request: WebRequest, _ demand: Demand) -> Decision {
        if demand == .open { return .granted(WebIdentity("anybody", [])) }
        if demand.changes, settings.isReadOnly { return .refused(WebRefusal(403, "this server changes nothing: it is read-only")) }
        if let authorization = request.header("authorization") { return identify(authorization, request.peer.network, demand) }
        if demand.needsToken { return .refused(tokenNeeded) }
        if isOurs(request) { return grant(WebIdentity(request.peer.description, [.read, .act]), demand) }
        if demand == .status, settings.showsStatusToAll, request.verb == "GET" {
            guard publicRate?.admits(request.peer.network) ?? true else {
                return .refused(WebRefusal(429, "too many requests from this address", headers: [WebField("Retry-After", "1")]))
            }
            return .granted(WebIdentity("anybody", []))
        }
        return .refused(needed)
    }

    /// Whether the peer is a process of ours on this machine. What a proxy passes on comes from anywhere.
    private func isOurs(_ request: WebRequest) -> Bool {
        guard let user = request.peer.user, users.contains(user) else { return false }
        return !["forwarded", "x-forwarded-for", "x-real-ip", "via"].contains { request.header($0) != nil }
    }

    private func identify(_ authorization: String, _ network: WebPeer, _ demand: Demand) -> Decision {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let credentials else { return fail(network) }
        switch parts[0].lowercased() {
        case "bearer":
            guard let identity = credentials.owner(ofToken: String(parts[1])) else { return fail(network) }
            return grant(identity, demand)
        case "basic":
            guard let decoded = Base64.decode(String(parts[1])), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
                let name = String(validating: decoded[..<colon], as: UTF8.self),
                let password = String(validating: decoded[(colon + 1)...], as: UTF8.self), password.utf8.count <= 512
            else { return fail(network) }
            if let identity = passwords.knownIdentity(name, password) { return grant(identity, demand) }
            guard logins.take(network) else { return .refused(crowded) }
            return .later { [self] in
                let identity = await passwords.identity(name, password)
                logins.leave(network)
                guard let identity else { return .failure(await delayedRefusal(network)) }
                switch grant(identity, demand) {
                case .granted(let identity): return .success(identity)
                case .refused(let refusal): return .failure(refusal)
                case .later: return .failure(needed)
                }
            }
        default: return fail(network)
        }
    }

    private func grant(_ identity: WebIdentity, _ demand: Demand) -> Decision {
        switch demand {
        case .open: .granted(identity)
        // Whoever may submit tasks may also follow them.
        case .status where identity.rights.contains(.read) || identity.submission != nil: .granted(identity)
        case .status: .refused(WebRefusal(403, "\(identity.name) may not read"))
        case .submission where identity.submission != nil: .granted(identity)
        case .submission: .refused(WebRefusal(403, "\(identity.name) may not submit tasks here: only a token with the right apply may"))
        case .right(let right):
            identity.rights.contains(right) ? .granted(identity) : .refused(WebRefusal(403, "\(identity.name) may not \(right.rawValue)"))
        }
    }

    /// A refusal that takes its time.
    private func fail(_ network: WebPeer) -> Decision {
        .later { [self] in .failure(await delayedRefusal(network)) }
    }

    /// The refusal, after a while; at once if too many wait for theirs.
    private func delayedRefusal(_ network: WebPeer) async -> WebRefusal {
        guard refusals.take(network) else { return crowded }
        try? await Task.sleep(for: failureDelay)
        refusals.leave(network)
        return needed
    }

    private var crowded: WebRefusal { WebRefusal(429, "too many failures to log in", headers: [WebField("Retry-After", "2")]) }

    private var tokenNeeded: WebRefusal {
        WebRefusal(401, "a token with the right apply is needed", headers: [WebField("WWW-Authenticate", "Bearer realm=\"celery\"")])
    }

    private var needed: WebRefusal {
        guard let credentials else {
            return WebRefusal(403, "only the user that runs this server may ask from this machine; CELERY_WEB_AUTH lets others in")
        }
        let ways = credentials.users.isEmpty ? "Bearer realm=\"celery\"" : "Basic realm=\"celery\", charset=\"UTF-8\""
        return WebRefusal(401, "a password or a token is needed", headers: [WebField("WWW-Authenticate", ways)])
    }
}
