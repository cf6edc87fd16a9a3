import Brokers
import CeleryCore
import CeleryZMQ
import ResultStores

/// A `celery broker` on this or another machine.
extension Drivers {
    static let openZMQBroker: OpenBroker = { urls, settings, _ in
        try ZMQBroker(try options(urls[0], settings), name: "celery@\(HostName.current)")
    }

    static let openZMQ: OpenStore = { urls, settings, _, _ in try ZMQResultStore(try options(urls[0], settings)) }

    private static func options(_ url: ServiceURL, _ settings: Settings) throws(DriverError) -> ZMQOptions {
        try ZMQOptions(url, keyFile: settings.brokerServer.clientKeyFile, connectTimeout: .seconds(settings.connectionTimeout))
    }
}
