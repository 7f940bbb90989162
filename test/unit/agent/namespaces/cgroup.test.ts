import { expect, test } from "vitest";
import { type CgroupOwner, parseCgroup } from "../../../../agent/parse/cgroup.ts";

const ID = "3f4b7c1e9d0a4f6c8b2e5d7a1c3f9e0b4d6a8c2e1f3b5d7a9c0e2f4b6d8a1c3e";
const OUTER = ID.replaceAll("3", "e");
const POD = "0c9a1d52-7f3e-4b8a-9c11-2d5e6f7a8b9c";
const POD_ = POD.replaceAll("-", "_");
const POD_SLICE = `kubepods-burstable-pod${POD_}.slice`;
const STATIC = "6e1a5c3d2b4f7a8e9c0d1f2a3b4c5d6e";

test.each<[string, string, CgroupOwner]>([
  // cgroup v2
  ["docker, systemd", `0::/system.slice/docker-${ID}.scope`, { runtime: "docker", containerId: ID }],
  ["docker, cgroupfs", `0::/docker/${ID}`, { runtime: "docker", containerId: ID }],
  ["docker with a cgroup namespace", `0::/../docker-${ID}.scope`, { runtime: "docker", containerId: ID }],
  [
    "systemd within docker",
    `0::/docker/${ID}/system.slice/nginx.service`,
    { runtime: "docker", containerId: ID },
  ],
  [
    "containerd in Kubernetes, systemd",
    `0::/kubepods.slice/kubepods-burstable.slice/${POD_SLICE}/cri-containerd-${ID}.scope`,
    { runtime: "containerd", containerId: ID, podUid: POD },
  ],
  [
    "a static pod",
    `0::/kubepods.slice/kubepods-pod${STATIC}.slice/cri-containerd-${ID}.scope`,
    { runtime: "containerd", containerId: ID, podUid: STATIC },
  ],
  [
    "containerd with the systemd form on cgroupfs",
    `0::/system.slice/containerd.service/${POD_SLICE}:cri-containerd:${ID}`,
    { runtime: "containerd", containerId: ID, podUid: POD },
  ],
  ["nerdctl", `0::/system.slice/nerdctl-${ID}.scope`, { runtime: "containerd", containerId: ID }],
  [
    "cri-o",
    `0::/kubepods.slice/${POD_SLICE}/crio-${ID}.scope/container`,
    { runtime: "cri-o", containerId: ID, podUid: POD },
  ],
  [
    "podman, rootless",
    `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
    { runtime: "podman", containerId: ID },
  ],
  ["podman, root", `0::/machine.slice/libpod-${ID}.scope`, { runtime: "podman", containerId: ID }],
  [
    "kind: Kubernetes within docker",
    `0::/docker/${OUTER}/kubelet.slice/${POD_SLICE}/cri-containerd-${ID}.scope`,
    { runtime: "containerd", containerId: ID, podUid: POD },
  ],
  [
    "systemd-nspawn",
    "0::/machine.slice/systemd-nspawn@build\\x2d1.service/payload/init.scope",
    { runtime: "systemd-nspawn", containerId: "build-1" },
  ],
  [
    "a machine's scope",
    "0::/machine.slice/machine-web.scope",
    { runtime: "systemd-nspawn", containerId: "web" },
  ],
  ["lxc", "0::/lxc.payload.web-1/init.scope", { runtime: "lxc", containerId: "web-1" }],
  ["gVisor: the pod alone", `0::/kubepods/burstable/pod${POD}`, { podUid: POD }],
  // cgroup v1
  [
    "docker on v1, with hierarchies that nobody manages",
    `12:rdma:/\n11:memory:/docker/${ID}\n4:cpu,cpuacct:/docker/${ID}\n1:name=systemd:/docker/${ID}\n`,
    { runtime: "docker", containerId: ID },
  ],
  [
    "Kubernetes on v1 with cgroupfs, whose runtime the path does not tell",
    `5:memory:/kubepods/besteffort/pod${POD}/${ID}\n1:name=systemd:/kubepods/besteffort/pod${POD}/${ID}\n`,
    { containerId: ID, podUid: POD },
  ],
  [
    "a hybrid host: v1 says more than the v2 line",
    `2:memory:/docker/${ID}\n0::/system.slice/containerd.service\n`,
    { runtime: "docker", containerId: ID },
  ],
  ["ECS", `9:memory:/ecs/0a1b2c3d/${ID}`, { runtime: "docker", containerId: ID }],
  [
    "ECS on Fargate",
    "9:memory:/ecs/6e1a5c3d2b4f7a8e9c0d1f2a3b4c5d6e/6e1a5c3d2b4f7a8e9c0d1f2a3b4c5d6e-1234567890",
    { runtime: "docker", containerId: "6e1a5c3d2b4f7a8e9c0d1f2a3b4c5d6e-1234567890" },
  ],
  ["lxc on v1", "9:memory:/lxc/web-1", { runtime: "lxc", containerId: "web-1" }],
  [
    "podman on v1",
    `9:memory:/machine.slice/libpod-${ID}.scope\n1:name=systemd:/machine.slice/libpod-${ID}.scope`,
    { runtime: "podman", containerId: ID },
  ],
  // No container
  ["a service with PrivateNetwork", "0::/system.slice/redis.service", { unit: "redis.service" }],
  ["a session", "0::/user.slice/user-0.slice/session-3.scope", { unit: "session-3.scope" }],
  [
    "a virtual machine",
    "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
    { unit: "machine-qemu-1-vm.scope" },
  ],
  ["a unit named in UTF-8", "0::/system.slice/caf\\xc3\\xa9.service", { unit: "café.service" }],
  ["podman's monitor", `0::/machine.slice/libpod-conmon-${ID}.scope`, { unit: `libpod-conmon-${ID}.scope` }],
  ["cri-o's monitor", `0::/system.slice/crio-conmon-${ID}.scope`, { unit: `crio-conmon-${ID}.scope` }],
  ["the top", "0::/", {}],
  ["an empty file", "", {}],
  ["lines of another form", "what\nis:this", {}],
])("%s", (_case, text, expected) => expect(parseCgroup(text)).toEqual(expected));
