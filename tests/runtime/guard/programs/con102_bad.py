import asyncio
import socket


async def main():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:  # CON102
            peer, _ = server.accept()  # CON102
            with peer:
                peer.sendall(b"x")  # CON102
                assert client.recv(1) == b"x"  # CON102


asyncio.run(main())
